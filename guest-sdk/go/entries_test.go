package hostel_test

import (
	"fmt"
	"testing"
	"time"

	"hostel-sdk"
)

func TestTimeLeftIsWholeSecondsRoundedUpUntilTheEntryExpires(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	livesFor(t, cache, "k", 0)
	if err := cache.Set("k", "v"); err != nil {
		t.Fatal(err)
	}
	livesFor(t, cache, "k", hostel.Unlimited)
	if err := cache.SetWithExpiry("k", "v", time.Minute); err != nil {
		t.Fatal(err)
	}
	livesFor(t, cache, "k", time.Minute)
	fake.Advance(1)
	livesFor(t, cache, "k", time.Minute)
	fake.Advance(time.Minute - 2)
	livesFor(t, cache, "k", time.Second)
	fake.Advance(1)
	livesFor(t, cache, "k", 0)
}

func TestExpireCountsFromNowAndUnlimitedRemovesTheExpiry(t *testing.T) {
	fake := hostel.NewFake()
	cache, found := fake.Context().Cache, checked[bool](t)
	if found(cache.Expire("k", time.Minute)) {
		t.Error("a missing entry is found")
	}
	if err := cache.SetWithExpiry("k", "v", time.Minute); err != nil {
		t.Fatal(err)
	}
	fake.Advance(time.Minute / 2)
	if !found(cache.Expire("k", time.Minute)) {
		t.Error("the entry is not found")
	}
	fake.Advance(time.Minute / 2)
	livesFor(t, cache, "k", time.Minute/2)
	if !found(cache.Expire("k", hostel.Unlimited)) {
		t.Error("the entry is not found")
	}
	livesFor(t, cache, "k", hostel.Unlimited)
	for _, wrong := range []time.Duration{0, 1500 * time.Millisecond, hostel.Keep} {
		_, err := cache.Expire("", wrong)
		refusedAs(t, err, hostel.CacheInvalidExpiry, "whole seconds")
	}
	for _, key := range []string{"", "\xff"} {
		_, err := cache.Expire(key, time.Minute)
		refusedAs(t, err, hostel.CacheInvalidKey, "a key must be ")
		_, _, err = cache.TTL(key)
		refusedAs(t, err, hostel.CacheInvalidKey, "a key must be ")
	}
}

// many is a number of entries that do not fit into one page of the fake.
const many = 2500

func cacheOfMany(t *testing.T) hostel.Cache {
	t.Helper()
	cache := newCache()
	for number := range many {
		for _, prefix := range []string{"order", "user"} {
			if err := cache.Set(fmt.Sprintf("%s:%d", prefix, number), number); err != nil {
				t.Fatal(err)
			}
		}
	}
	return cache
}

// walks checks the number of distinct keys that begin with a prefix.
func walks(t *testing.T, cache hostel.Cache, prefix string, expected int) {
	t.Helper()
	found := map[string]bool{}
	for key, err := range cache.Keys(prefix) {
		if err != nil || key[:len(prefix)] != prefix {
			t.Fatalf("got %q, %v", key, err)
		}
		found[key] = true
	}
	if len(found) != expected {
		t.Errorf("%d keys with %q; expected %d", len(found), prefix, expected)
	}
}

func TestKeysOfAPrefixAreCollectedFromEveryPage(t *testing.T) {
	cache := cacheOfMany(t)
	walks(t, cache, "user:", many)
	walks(t, cache, "", 2*many)
	walks(t, cache, "use*", 0)
}

func TestLoopOverKeysMayEndEarlyAndEntriesMayBeDeletedMeanwhile(t *testing.T) {
	cache := cacheOfMany(t)
	for range cache.Keys("user:") {
		break
	}
	deleted := 0
	for key, err := range cache.Keys("user:") {
		if err != nil {
			t.Fatal(err)
		}
		checked[bool](t)(cache.Delete(key))
		deleted++
	}
	if deleted != many {
		t.Errorf("deleted %d", deleted)
	}
	walks(t, cache, "", many)
}

func TestDeletePrefixRemovesEveryPageAndNoOtherKey(t *testing.T) {
	cache := cacheOfMany(t)
	for _, step := range []struct {
		prefix  string
		removed int
	}{{"user:", many}, {"user:", 0}, {"", many}, {"", 0}} {
		if removed, err := cache.DeletePrefix(step.prefix); removed != step.removed || err != nil {
			t.Errorf("%q: removed %d, %v; expected %d", step.prefix, removed, err, step.removed)
		}
	}
}

func TestPrefixIsUTF8(t *testing.T) {
	cache := newCache()
	_, err := cache.DeletePrefix("\xff")
	refusedAs(t, err, hostel.CacheInvalidKey, "a prefix must be UTF-8")
	steps := 0
	for key, err := range cache.Keys("\xff") {
		steps++
		refusedAs(t, err, hostel.CacheInvalidKey, "a prefix must be UTF-8")
		if key != "" {
			t.Errorf("got %q", key)
		}
	}
	if steps != 1 {
		t.Errorf("%d steps", steps)
	}
}
