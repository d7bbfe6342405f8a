package hostel_test

import (
	"testing"
	"testing/synctest"
	"time"

	"hostel-sdk"
)

// lateness returns the duration since the time in the cache. If there is no such time, it first
// stores the current time with an expiry of an hour.
func lateness(ctx *hostel.Context) (time.Duration, error) {
	first, err := hostel.GetOrSet(ctx.Cache, "first", time.Hour, func() (int64, error) {
		return time.Now().UnixNano(), nil
	})
	return time.Since(time.Unix(0, first)), err
}

func TestCacheAndServiceHaveOneTimeInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := hostel.NewFakeWithClock(time.Now)
		ctx := fake.Context()
		for _, expected := range []time.Duration{0, time.Hour - 1, 0} {
			if late, err := lateness(ctx); late != expected || err != nil {
				t.Errorf("got %v, %v; expected %v", late, err, expected)
			}
			time.Sleep(time.Hour - 1)
			if expected > 0 {
				time.Sleep(1)
			}
		}
		fake.Advance(2)
		livesFor(t, ctx.Cache, "first", 0)
	})
}

func TestClockOfAFakeStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := hostel.NewFake().Context().Cache
		if err := cache.SetWithExpiry("k", 1, time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		livesFor(t, cache, "k", time.Second)
	})
}

func TestStatsCountReadsWritesAndRemovals(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	for range 2 {
		cache.SetIfAbsent("a", 1)
		cache.Increment("a", 1)
		hostel.GetMany[int](cache, "a", "none")
		cache.CompareAndSwapRaw("a", new("2"), new("7"), hostel.Keep)
		cache.CompareAndSwapRaw("none", nil, nil, hostel.Keep)
		cache.Expire("a", time.Minute)
		cache.Expire("none", time.Minute)
	}
	cache.TakeRaw("a")
	cache.TakeRaw("a")
	hostel.SetMany(cache, map[string]int{"a": 1, "b": 2, "c": 3})
	cache.CompareAndSwapRaw("c", new("3"), nil, hostel.Keep)
	cache.DeleteMany("a", "a")
	cache.DeletePrefix("b")
	expected := hostel.Stats{
		Hits: 2, Misses: 2, Sets: 4, Increments: 2, Swaps: 2, Expires: 2, Deletes: 2, Takes: 1,
	}
	if stats := fake.Stats(); stats != expected {
		t.Errorf("%+v; expected %+v", stats, expected)
	}
}
