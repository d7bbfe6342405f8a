package hostel_test

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"hostel-sdk"
)

func newCache() hostel.Cache {
	return hostel.NewFake().Context().Cache
}

// checked returns a function that returns the value passed to it, and fails the test if the error
// passed to it is not nil.
func checked[T any](t *testing.T) func(value T, err error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// holds checks the JSON text under a key; an empty text means no entry.
func holds(t *testing.T, cache hostel.Cache, key, text string) {
	t.Helper()
	stored, found, err := cache.GetRaw(key)
	if stored != text || found != (text != "") || err != nil {
		t.Errorf("under %q is %q, %v, %v; expected %q", key, stored, found, err, text)
	}
}

// livesFor checks the remaining lifetime of an entry; 0 means no entry.
func livesFor(t *testing.T, cache hostel.Cache, key string, expected time.Duration) {
	t.Helper()
	left, found, err := cache.TTL(key)
	if left != expected || found != (expected != 0) || err != nil {
		t.Errorf("%q lives for %v, %v, %v; expected %v", key, left, found, err, expected)
	}
}

func TestSetIfAbsentStoresOnceAndAStoredNullCounts(t *testing.T) {
	cache, created := newCache(), checked[bool](t)
	if !created(cache.SetIfAbsent("k", "a")) || created(cache.SetIfAbsent("k", "b")) {
		t.Error("not only the first call has created the entry")
	}
	holds(t, cache, "k", `"a"`)
	if err := cache.Set("k", nil); err != nil {
		t.Fatal(err)
	}
	if created(cache.SetIfAbsent("k", "b")) {
		t.Error("a null is replaced")
	}
	holds(t, cache, "k", "null")
}

func TestSetIfAbsentSetsTheExpiryOfNewEntriesOnly(t *testing.T) {
	fake := hostel.NewFake()
	cache, created := fake.Context().Cache, checked[bool](t)
	if !created(cache.SetIfAbsentWithExpiry("k", "a", time.Minute)) {
		t.Error("not created")
	}
	fake.Advance(time.Minute / 2)
	if created(cache.SetIfAbsentWithExpiry("k", "b", time.Minute)) || created(cache.SetIfAbsent("k", "b")) {
		t.Error("a live entry is replaced")
	}
	fake.Advance(time.Minute / 2)
	if !created(cache.SetIfAbsent("k", "b")) {
		t.Error("not created after the expiry")
	}
	livesFor(t, cache, "k", hostel.Unlimited)
	_, err := cache.SetIfAbsent("other", math.NaN())
	refusedAs(t, err, hostel.CacheInvalidValue, `"other" has no JSON form`)
}

func TestIncrementCountsFromZeroAndKeepsTheFirstExpiry(t *testing.T) {
	fake := hostel.NewFake()
	cache, sum := fake.Context().Cache, checked[int64](t)
	sums := []int64{sum(cache.IncrementWithExpiry("k", 5, time.Minute))}
	fake.Advance(time.Minute / 2)
	sums = append(sums, sum(cache.IncrementWithExpiry("k", -7, time.Minute)), sum(cache.Increment("k", 1)))
	holds(t, cache, "k", "-1")
	livesFor(t, cache, "k", time.Minute/2)
	fake.Advance(time.Minute / 2)
	sums = append(sums, sum(cache.Increment("k", 1)))
	livesFor(t, cache, "k", hostel.Unlimited)
	if expected := []int64{5, -2, -1, 1}; !slices.Equal(sums, expected) {
		t.Errorf("got %v; expected %v", sums, expected)
	}
}

func TestIncrementIsExactUpToTheLargestIntegerAndRefusesOtherValues(t *testing.T) {
	cache, sum := newCache(), checked[int64](t)
	const most = 1<<53 - 1
	if sum(cache.Increment("k", most)) != most {
		t.Error("the largest integer is not reached")
	}
	_, err := cache.Increment("k", 1)
	refusedAs(t, err, hostel.CacheInvalidValue, "the sum of 9007199254740991 and 1")
	if sum(cache.Increment("k", -most)) != 0 || sum(cache.Increment("k", -most)) != -most {
		t.Error("the smallest integer is not reached")
	}
	_, err = cache.Increment("k", -1)
	refusedAs(t, err, hostel.CacheInvalidValue, "the sum of -9007199254740991 and -1")
	holds(t, cache, "k", "-9007199254740991")
	for _, text := range []string{"1.0", " 1", "-0", "1e2", `"1"`, "null", "9007199254740992"} {
		if err := cache.SetRaw("k", text); err != nil {
			t.Fatal(err)
		}
		_, err := cache.Increment("k", 1)
		refusedAs(t, err, hostel.CacheInvalidValue, "is not an integer from -(2^53 - 1) to 2^53 - 1")
		holds(t, cache, "k", text)
	}
}

func TestDeltaOutOfRangeAndWrongExpiryAreRefusedWithoutACall(t *testing.T) {
	// The key is empty, which only the host refuses: another error shows that the SDK did not call
	// the host.
	cache := newCache()
	for _, delta := range []int64{1 << 53, -1 << 53, math.MaxInt64, math.MinInt64} {
		_, err := cache.Increment("", delta)
		refusedAs(t, err, hostel.CacheInvalidValue, "a delta of ")
		_, err = cache.IncrementWithExpiry("", delta, time.Minute)
		refusedAs(t, err, hostel.CacheInvalidValue, "a delta of ")
	}
	for _, wrong := range []time.Duration{0, 1500 * time.Millisecond, hostel.Keep, hostel.Unlimited} {
		_, err := cache.SetIfAbsentWithExpiry("", "v", wrong)
		refusedAs(t, err, hostel.CacheInvalidExpiry, "whole seconds")
		_, err = cache.IncrementWithExpiry("", 1, wrong)
		refusedAs(t, err, hostel.CacheInvalidExpiry, "whole seconds")
	}
	for _, wrong := range []time.Duration{0, 1500 * time.Millisecond, -time.Second} {
		_, err := cache.CompareAndSwapRaw("", nil, new("1"), wrong)
		refusedAs(t, err, hostel.CacheInvalidExpiry, "whole seconds")
	}
}

// swaps checks the outcome of a swap: "swapped", or else the current text (empty for no entry).
func swaps(t *testing.T, cache hostel.Cache, expected, wanted *string, outcome string) {
	t.Helper()
	swap, err := cache.CompareAndSwapRaw("k", expected, wanted, hostel.Keep)
	found := ""
	if swap.Swapped {
		found = "swapped"
	} else if swap.Current != nil {
		found = *swap.Current
	}
	if found != outcome || err != nil || swap.Swapped && swap.Current != nil {
		t.Errorf("%+v, %v; expected %q", swap, err, outcome)
	}
}

func TestSwapComparesByteForByteAndReturnsTheCurrentValue(t *testing.T) {
	cache := newCache()
	swaps(t, cache, new("1"), new("2"), "")
	swaps(t, cache, nil, new("1.0"), "swapped")
	swaps(t, cache, nil, new("2"), "1.0")
	swaps(t, cache, new("1"), new("2"), "1.0")
	swaps(t, cache, new("1.0"), new(" 2 "), "swapped")
	holds(t, cache, "k", " 2 ")
	swaps(t, cache, new(" 2 "), nil, "swapped")
	holds(t, cache, "k", "")
	swaps(t, cache, nil, nil, "swapped")
	for text, message := range map[string]string{
		"nope": "expected a value", "": "expected a value", "\"\xff\"": `the JSON text for "k" is not UTF-8`,
	} {
		_, err := cache.CompareAndSwapRaw("k", nil, &text, hostel.Keep)
		refusedAs(t, err, hostel.CacheInvalidValue, message)
		_, err = cache.CompareAndSwapRaw("k", &text, nil, hostel.Keep)
		refusedAs(t, err, hostel.CacheInvalidValue, message)
	}
}

func TestSwapKeepsRemovesOrReplacesTheExpiry(t *testing.T) {
	cache := newCache()
	expected := (*string)(nil)
	for _, step := range []struct{ expiry, left time.Duration }{
		{hostel.Keep, hostel.Unlimited},
		{time.Minute, time.Minute},
		{hostel.Keep, time.Minute},
		{hostel.Unlimited, hostel.Unlimited},
	} {
		swap := checked[hostel.Swap](t)(cache.CompareAndSwapRaw("k", expected, new("1"), step.expiry))
		if !swap.Swapped {
			t.Errorf("%v: %+v", step.expiry, swap)
		}
		livesFor(t, cache, "k", step.left)
		expected = new("1")
	}
	// A removal ignores the expiry.
	if swap, err := cache.CompareAndSwapRaw("k", expected, nil, 0); !swap.Swapped || err != nil {
		t.Errorf("%+v, %v", swap, err)
	}
}

func TestUpdateStartsFromTheCurrentValueAndKeepsTheExpiry(t *testing.T) {
	cache := newCache()
	add := func(more, expected int) {
		t.Helper()
		sum, err := hostel.Update(cache, "k", func(old int, found bool) (int, error) {
			if found != (old != 0) {
				t.Errorf("got %d, %v", old, found)
			}
			return old + more, nil
		})
		if sum != expected || err != nil {
			t.Errorf("got %d, %v; expected %d", sum, err, expected)
		}
	}
	add(2, 2)
	livesFor(t, cache, "k", hostel.Unlimited)
	checked[bool](t)(cache.Expire("k", time.Minute))
	add(3, 5)
	holds(t, cache, "k", "5")
	livesFor(t, cache, "k", time.Minute)
	if err := cache.Set("k", nil); err != nil {
		t.Fatal(err)
	}
	add(4, 4)
}

func TestUpdateLosesNoConcurrentChange(t *testing.T) {
	cache := newCache()
	calls := 0
	if err := cache.Set("k", 1); err != nil {
		t.Fatal(err)
	}
	sum, err := hostel.Update(cache, "k", func(old int, found bool) (int, error) {
		calls++
		switch calls {
		case 1:
			return old + 1, cache.Set("k", 10)
		case 2:
			_, err := cache.Delete("k")
			return old + 1, err
		}
		if found {
			t.Errorf("found %d, which is deleted", old)
		}
		return 101, nil
	})
	if sum != 101 || calls != 3 || err != nil {
		t.Errorf("got %d after %d calls, %v", sum, calls, err)
	}
	holds(t, cache, "k", "101")
}

func TestUpdateOfAKeyThatAlwaysChangesEndsAndNamesTheKey(t *testing.T) {
	cache := newCache()
	calls := 0
	_, err := hostel.Update(cache, "busy-key", func(old int, _ bool) (int, error) {
		calls++
		return old, cache.Set("busy-key", calls)
	})
	failsWith(t, err, hostel.FailureUnavailable, `"busy-key" is not updated: other callers changed it 100 times`)
	if calls != 100 {
		t.Errorf("%d calls", calls)
	}
	holds(t, cache, "busy-key", "100")
}

func TestUpdateThatFailsReturnsThatErrorAndLeavesTheEntry(t *testing.T) {
	cache := newCache()
	if err := cache.Set("k", 1); err != nil {
		t.Fatal(err)
	}
	errNo := errors.New("no")
	value, err := hostel.Update(cache, "k", func(int, bool) (int, error) { return 7, errNo })
	if value != 0 || err != errNo {
		t.Errorf("got %v, %v", value, err)
	}
	_, err = hostel.Update(cache, "k", func(float64, bool) (float64, error) { return math.NaN(), nil })
	refusedAs(t, err, hostel.CacheInvalidValue, `the value for "k" has no JSON form`)
	_, err = hostel.Update(cache, "k", func(string, bool) (string, error) { return "v", nil })
	refusedAs(t, err, hostel.CacheInvalidValue, `the value under "k" cannot be read as string`)
	_, err = hostel.Update(cache, "k", func(func(), bool) (func(), error) { return nil, nil })
	refusedAs(t, err, hostel.CacheInvalidValue, "JSON cannot be read as func()")
	holds(t, cache, "k", "1")
}

func TestTakeReturnsAValueOnce(t *testing.T) {
	cache := newCache()
	if err := cache.Set("k", "v"); err != nil {
		t.Fatal(err)
	}
	for _, expected := range []string{"v", ""} {
		value, found, err := hostel.Take[string](cache, "k")
		if value != expected || found != (expected != "") || err != nil {
			t.Errorf("got %q, %v, %v; expected %q", value, found, err, expected)
		}
	}
	for _, expected := range []string{" null", ""} {
		if expected != "" {
			if err := cache.SetRaw("k", expected); err != nil {
				t.Fatal(err)
			}
		}
		text, found, err := cache.TakeRaw("k")
		if text != expected || found != (expected != "") || err != nil {
			t.Errorf("got %q, %v, %v; expected %q", text, found, err, expected)
		}
	}
	if err := cache.Set("k", nil); err != nil {
		t.Fatal(err)
	}
	if _, found, err := hostel.Take[*int](cache, "k"); found || err != nil {
		t.Errorf("a null is found: %v", err)
	}
	holds(t, cache, "k", "")
}

func TestTakeOfAnotherTypeIsAnErrorThatNamesKeyAndType(t *testing.T) {
	cache := newCache()
	if err := cache.Set("k", "v"); err != nil {
		t.Fatal(err)
	}
	_, _, err := hostel.Take[func()](cache, "k")
	refusedAs(t, err, hostel.CacheInvalidValue, "JSON cannot be read as func()")
	holds(t, cache, "k", `"v"`)
	_, _, err = hostel.Take[int](cache, "k")
	refusedAs(t, err, hostel.CacheInvalidValue, `the value under "k" cannot be read as int`)
	holds(t, cache, "k", "")
}
