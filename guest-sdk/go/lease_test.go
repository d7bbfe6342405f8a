package hostel_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hostel-sdk"
)

var early = hostel.Early(5 * time.Second)

// getsOrSets calls GetOrSet with the value to compute on a miss, and checks the result.
func getsOrSets[T any](
	t *testing.T, cache hostel.Cache, computed, expected T, options ...hostel.GetOrSetOption,
) {
	t.Helper()
	compute := func() (T, error) { return computed, nil }
	value, err := hostel.GetOrSet(cache, "k", time.Minute, compute, options...)
	if !reflect.DeepEqual(value, expected) || err != nil {
		t.Errorf("got %v, %v; expected %v", value, err, expected)
	}
}

func TestValueIsComputedOnceInItsLife(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	getsOrSets(t, cache, 1, 1)
	fake.Advance(time.Minute - 1)
	getsOrSets(t, cache, 2, 1)
	fake.Advance(1)
	getsOrSets(t, cache, 3, 3)
	getsOrSets(t, cache, 4, 3)
	livesFor(t, cache, "k", time.Minute)
}

func TestValueWithoutAnExpiryStays(t *testing.T) {
	cache := newCache()
	_, err := hostel.GetOrSet(cache, "k", hostel.Unlimited, func() (int, error) { return 1, nil })
	if err != nil {
		t.Fatal(err)
	}
	livesFor(t, cache, "k", hostel.Unlimited)
	getsOrSets(t, cache, 2, 1, early)
}

func TestHitIsOneReadAndOnlyAMissRequestsALease(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	for _, step := range []struct {
		options      []hostel.GetOrSetOption
		hits, misses int
	}{{nil, 0, 2}, {nil, 1, 2}, {[]hostel.GetOrSetOption{early, {}}, 2, 2}} {
		getsOrSets(t, cache, 1, 1, step.options...)
		if stats := fake.Stats(); stats.Hits != step.hits || stats.Misses != step.misses {
			t.Errorf("%+v; expected %+v", stats, step)
		}
	}
}

type nullable struct{ set bool }

func (n nullable) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

func (n *nullable) UnmarshalJSON(text []byte) error {
	n.set = string(text) == "null"
	return nil
}

func TestStoredNullIsAHit(t *testing.T) {
	for _, options := range [][]hostel.GetOrSetOption{nil, {early}} {
		cache := newCache()
		getsOrSets[*int](t, cache, nil, nil, options...)
		holds(t, cache, "k", "null")
		getsOrSets(t, cache, new(1), nil, options...)
		getsOrSets[any](t, cache, 1, nil, options...)
		getsOrSets(t, cache, nullable{}, nullable{true}, options...)
		_, err := hostel.GetOrSet(cache, "k", time.Minute, func() (int, error) { return 1, nil }, options...)
		refusedAs(t, err, hostel.CacheInvalidValue, `the value under "k" cannot be read as int: it is null`)
	}
}

func TestValueIsRefreshedInItsLastSeconds(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	getsOrSets(t, cache, 1, 1, early)
	fake.Advance(55 * time.Second)
	getsOrSets(t, cache, 2, 1, early)
	fake.Advance(1)
	getsOrSets(t, cache, 3, 1)
	getsOrSets(t, cache, 4, 4, early)
	holds(t, cache, "k", "4")
	livesFor(t, cache, "k", time.Minute)
}

func TestFailureToComputeIsReturnedAndTheNextCallComputes(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	errNo := errors.New("no")
	value, err := hostel.GetOrSet(cache, "k", time.Minute, func() (int, error) { return 7, errNo })
	if value != 0 || err != errNo || len(fake.Logs()) > 0 {
		t.Errorf("got %v, %v, logged %q", value, err, fake.Logs())
	}
	getsOrSets(t, cache, 1, 1)
}

func TestOldValueIsReturnedIfItsRefreshFails(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	getsOrSets(t, cache, 1.5, 1.5, early)
	fake.Advance(58 * time.Second)
	errNo := hostel.Conflict("no rates")
	fails := func() (float64, error) {
		return hostel.GetOrSet(cache, "k", time.Minute, func() (float64, error) { return 0, errNo }, early)
	}
	if value, err := fails(); value != 1.5 || err != nil {
		t.Errorf("got %v, %v", value, err)
	}
	if expected := []string{`warn: the value under "k" could not be refreshed: no rates`}; !slices.Equal(fake.Logs(), expected) {
		t.Errorf("logged %q", fake.Logs())
	}
	getsOrSets(t, cache, math.NaN(), 1.5, early)
	fake.Advance(2 * time.Second)
	if _, err := fails(); err != errNo {
		t.Errorf("got %v", err)
	}
}

func TestValueOfAKeyThatAnotherCallComputesIsComputedAndNotStored(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	fake.Hold("k")
	getsOrSets(t, cache, 1, 1)
	// The value is not stored, so it needs no JSON form.
	value, err := hostel.GetOrSet(cache, "k", time.Minute, func() (float64, error) { return math.Inf(1), nil })
	if !math.IsInf(value, 1) || err != nil {
		t.Errorf("got %v, %v", value, err)
	}
	holds(t, cache, "k", "")
	errNo := errors.New("no")
	failed, err := hostel.GetOrSet(cache, "k", time.Minute, func() (int, error) { return 7, errNo })
	if failed != 0 || err != errNo {
		t.Errorf("got %v, %v", failed, err)
	}
	fake.LetGo("other")
	getsOrSets(t, cache, 2, 2)
	holds(t, cache, "k", "")
	fake.LetGo("k")
	getsOrSets(t, cache, 3, 3)
	holds(t, cache, "k", "3")
}

func TestFailedComputationKeepsALeaseThatAnotherCallGotMeanwhile(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	_, err := hostel.GetOrSet(cache, "k", time.Minute, func() (int, error) {
		fake.Hold("k")
		return 0, hostel.Conflict("no")
	})
	failsWith(t, err, hostel.FailureConflict, "no")
	getsOrSets(t, cache, 1, 1)
	holds(t, cache, "k", "")
}

func TestOldValueIsReturnedWhileAnotherCallComputesTheNext(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	getsOrSets(t, cache, 1, 1)
	fake.Advance(58 * time.Second)
	fake.Hold("k")
	getsOrSets(t, cache, 2, 1, early)
	fake.LetGo("k")
	getsOrSets(t, cache, 2, 2, early)
}

func TestSetOrDeleteEndsTheLeaseOfAKey(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	fake.Hold("k")
	if err := cache.Set("k", 1); err != nil {
		t.Fatal(err)
	}
	checked[bool](t)(cache.Delete("k"))
	getsOrSets(t, cache, 2, 2)
	holds(t, cache, "k", "2")
}

// newer runs change while the value is computed, and checks the result and the stored text.
func newer(t *testing.T, stored string, change func(cache hostel.Cache) error) {
	t.Helper()
	cache := newCache()
	value, err := hostel.GetOrSet(cache, "k", time.Minute, func() (int, error) { return 1, change(cache) })
	if value != 1 || err != nil {
		t.Errorf("got %v, %v", value, err)
	}
	holds(t, cache, "k", stored)
}

func TestChangeDuringAComputationIsKept(t *testing.T) {
	seven := func() (int, error) { return 7, nil }
	newer(t, "7", func(cache hostel.Cache) error { return cache.Set("k", 7) })
	newer(t, "7", func(cache hostel.Cache) error { return hostel.SetMany(cache, map[string]int{"k": 7}) })
	newer(t, "7", func(cache hostel.Cache) error { _, err := cache.SetIfAbsent("k", 7); return err })
	newer(t, "7", func(cache hostel.Cache) error { _, err := cache.Increment("k", 7); return err })
	newer(t, "7", func(cache hostel.Cache) error {
		_, err := hostel.Update(cache, "k", func(int, bool) (int, error) { return seven() })
		return err
	})
	newer(t, "7", func(cache hostel.Cache) error {
		_, err := hostel.GetOrSet(cache, "k", time.Minute, seven)
		return err
	})
	newer(t, "", func(cache hostel.Cache) error { _, err := cache.Delete("k"); return err })
	newer(t, "", func(cache hostel.Cache) error { _, err := cache.DeletePrefix(""); return err })
	newer(t, "1", func(cache hostel.Cache) error { _, err := cache.DeletePrefix("other"); return err })
	newer(t, "1", func(cache hostel.Cache) error { return cache.Set("other", 7) })
}

// newerThanOld is like newer, for the early refresh of an old value.
func newerThanOld(t *testing.T, stored string, change func(cache hostel.Cache) error) {
	t.Helper()
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	getsOrSets(t, cache, 0, 0)
	fake.Advance(58 * time.Second)
	compute := func() (int, error) { return 1, change(cache) }
	if value, err := hostel.GetOrSet(cache, "k", time.Minute, compute, early); value != 1 || err != nil {
		t.Errorf("got %v, %v", value, err)
	}
	holds(t, cache, "k", stored)
}

func TestChangeDuringARefreshIsKept(t *testing.T) {
	newerThanOld(t, "0", func(cache hostel.Cache) error { _, err := cache.Expire("k", time.Minute); return err })
	newerThanOld(t, "0", func(cache hostel.Cache) error {
		_, err := cache.CompareAndSwapRaw("k", nil, new("7"), hostel.Keep)
		return err
	})
	newerThanOld(t, "", func(cache hostel.Cache) error { _, _, err := cache.TakeRaw("k"); return err })
	newerThanOld(t, "", func(cache hostel.Cache) error { _, err := cache.DeleteMany("k"); return err })
	newerThanOld(t, "", func(cache hostel.Cache) error { _, err := cache.DeletePrefix(""); return err })
	newerThanOld(t, "1", func(cache hostel.Cache) error { _, err := cache.DeletePrefix("other"); return err })
	newerThanOld(t, "1", func(cache hostel.Cache) error { _, err := cache.SetIfAbsent("k", 7); return err })
}

func TestValueThatCannotBeStoredIsAnErrorAndTheNextCallComputes(t *testing.T) {
	cache := newCache()
	_, err := hostel.GetOrSet(cache, "k", time.Minute, func() (string, error) {
		return strings.Repeat("v", 1<<20), nil
	})
	refusedAs(t, err, hostel.CacheTooLarge, "1048576")
	_, err = hostel.GetOrSet(cache, "k", time.Minute, func() (json.RawMessage, error) {
		return json.RawMessage("["), nil
	})
	refusedAs(t, err, hostel.CacheInvalidValue, `the value for "k" has no JSON form`)
	getsOrSets(t, cache, 1, 1)
}

func TestArgumentsAreCheckedBeforeAnythingIsComputed(t *testing.T) {
	cache := newCache()
	calls := 0
	compute := func() (int, error) { calls++; return 1, nil }
	for _, wrong := range []time.Duration{0, 1500 * time.Millisecond, hostel.Keep} {
		_, err := hostel.GetOrSet(cache, "", wrong, compute)
		refusedAs(t, err, hostel.CacheInvalidExpiry, "whole seconds, 1 to 315360000")
		_, err = hostel.GetOrSet(cache, "", time.Minute, compute, hostel.Early(wrong))
		refusedAs(t, err, hostel.CacheInvalidExpiry, "whole seconds, 1 to 315360000")
	}
	_, err := hostel.GetOrSet(cache, "k", time.Minute, compute, hostel.Early(time.Minute))
	refusedAs(t, err, hostel.CacheInvalidExpiry, "early is 60 s: it must be less than the expiry, 60 s")
	_, err = hostel.GetOrSet(cache, "k", hostel.Unlimited, compute, hostel.Early(time.Minute))
	refusedAs(t, err, hostel.CacheInvalidExpiry, "early is 60 s, but there is no expiry: set a longer expiry")
	for _, key := range []string{"", "\xff", strings.Repeat("k", 1025)} {
		for _, options := range [][]hostel.GetOrSetOption{nil, {early}} {
			_, err := hostel.GetOrSet(cache, key, time.Minute, compute, options...)
			refusedAs(t, err, hostel.CacheInvalidKey, "a key must be ")
		}
	}
	_, err = hostel.GetOrSet(cache, "k", time.Minute, func() (func(), error) { calls++; return nil, nil })
	refusedAs(t, err, hostel.CacheInvalidValue, "JSON cannot be read as func()")
	if calls > 0 {
		t.Errorf("%d values were computed", calls)
	}
}

func TestComputedValueOfAnotherTypeThanTheStoredOneIsAnErrorThatNamesKeyAndType(t *testing.T) {
	cache := newCache()
	if err := cache.Set("k", "v"); err != nil {
		t.Fatal(err)
	}
	for _, options := range [][]hostel.GetOrSetOption{nil, {early}} {
		_, err := hostel.GetOrSet(cache, "k", time.Minute, func() (int, error) { return 1, nil }, options...)
		refusedAs(t, err, hostel.CacheInvalidValue, `the value under "k" cannot be read as int`)
	}
}
