package hostel_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"hostel-sdk"
)

// getsMany checks the values under keys, shown as a list. In this list, nil means no value.
func getsMany(t *testing.T, cache hostel.Cache, keys []string, expected string) {
	t.Helper()
	values, err := hostel.GetMany[int](cache, keys...)
	shown := make([]string, len(values))
	for i, value := range values {
		shown[i] = "nil"
		if value != nil {
			shown[i] = strconv.Itoa(*value)
		}
	}
	if fmt.Sprint(shown) != expected || err != nil {
		t.Errorf("got %v, %v; expected %v", shown, err, expected)
	}
}

func TestValuesComeBackInTheOrderOfTheirKeys(t *testing.T) {
	cache := newCache()
	err := hostel.SetMany(cache, map[string]*int{"a": new(3), "b": new(2), "c": nil})
	if err != nil {
		t.Fatal(err)
	}
	getsMany(t, cache, []string{"b", "missing", "a", "c", "b"}, "[2 nil 3 nil 2]")
	getsMany(t, cache, nil, "[]")
	holds(t, cache, "c", "null")
	livesFor(t, cache, "a", hostel.Unlimited)
}

func TestAllEntriesGetTheSameExpiry(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	if err := hostel.SetManyWithExpiry(cache, map[string]int{"a": 1, "b": 2}, time.Minute); err != nil {
		t.Fatal(err)
	}
	fake.Advance(time.Minute - 1)
	getsMany(t, cache, []string{"a", "b"}, "[1 2]")
	fake.Advance(1)
	getsMany(t, cache, []string{"a", "b"}, "[nil nil]")
}

func TestDeleteManyCountsLiveEntries(t *testing.T) {
	cache := newCache()
	if err := hostel.SetMany(cache, map[string]int{"a": 1, "b": 2, "c": 3}); err != nil {
		t.Fatal(err)
	}
	if removed, err := cache.DeleteMany("a", "missing", "b", "a"); removed != 2 || err != nil {
		t.Errorf("removed %d, %v", removed, err)
	}
	getsMany(t, cache, []string{"a", "b", "c"}, "[nil nil 3]")
}

func TestOneInvalidArgumentLeavesAllEntries(t *testing.T) {
	cache := newCache()
	for _, key := range []string{"", "\xff"} {
		err := hostel.SetMany(cache, map[string]int{"a": 1, key: 2})
		refusedAs(t, err, hostel.CacheInvalidKey, "a key must be ")
	}
	err := hostel.SetMany(cache, map[string]float64{"a": 1, "b": math.NaN()})
	refusedAs(t, err, hostel.CacheInvalidValue, `the value for "b" has no JSON form`)
	err = hostel.SetManyWithExpiry(cache, map[string]int{"": 1}, 1500*time.Millisecond)
	refusedAs(t, err, hostel.CacheInvalidExpiry, "whole seconds")
	holds(t, cache, "a", "")
	if err := cache.Set("a", 1); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", "\xff"} {
		_, err = cache.DeleteMany("a", key)
		refusedAs(t, err, hostel.CacheInvalidKey, "a key must be ")
		_, err = hostel.GetMany[int](cache, "a", key)
		refusedAs(t, err, hostel.CacheInvalidKey, "a key must be ")
	}
	holds(t, cache, "a", "1")
}

func TestValueOfAnotherTypeAmongManyNamesItsKey(t *testing.T) {
	cache := newCache()
	if err := hostel.SetMany(cache, map[string]any{"a": 1, "b": "v"}); err != nil {
		t.Fatal(err)
	}
	_, err := hostel.GetMany[int](cache, "missing", "a", "b")
	refusedAs(t, err, hostel.CacheInvalidValue, `the value under "b" cannot be read as int`)
	_, err = hostel.GetMany[func()](cache)
	refusedAs(t, err, hostel.CacheInvalidValue, "JSON cannot be read as func()")
}

func TestACallHasAtMostAThousandKeys(t *testing.T) {
	cache := newCache()
	entries, keys := map[string]int{}, []string{}
	for number := range 1000 {
		key := strconv.Itoa(number)
		entries[key], keys = number, append(keys, key)
	}
	if err := hostel.SetMany(cache, entries); err != nil {
		t.Fatal(err)
	}
	values, err := hostel.GetMany[int](cache, keys...)
	if len(values) != 1000 || *values[999] != 999 || err != nil {
		t.Errorf("%d values, %v", len(values), err)
	}
	// One key is empty. Only the host refuses an empty key, so an error about the number of keys
	// shows that the SDK did not call the host.
	entries[""], keys = 0, append(keys, "")
	refusedAs(t, hostel.SetMany(cache, entries), hostel.CacheTooLarge, "1001 keys in one call: the maximum is 1000")
	_, err = hostel.GetMany[int](cache, keys...)
	refusedAs(t, err, hostel.CacheTooLarge, "1001 keys in one call")
	_, err = cache.DeleteMany(keys...)
	refusedAs(t, err, hostel.CacheTooLarge, "1001 keys in one call")
	if removed, err := cache.DeleteMany(keys[:1000]...); removed != 1000 || err != nil {
		t.Errorf("removed %d, %v", removed, err)
	}
}
