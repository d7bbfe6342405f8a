package hostel

import (
	"math"
	"slices"
	"testing"
	"time"
)

// In a real cache, a plugin in another language may store JSON with surrounding spaces.
func TestStringWithSpacesAroundItIsLeftToEncodingJSON(t *testing.T) {
	for text, expected := range map[string]bool{`"a"`: true, `"a" `: false, ` "a"`: false, "\"a\"\n": false} {
		var read string
		if plain := readPlain([]byte(text), &read); plain != expected || plain && read != "a" {
			t.Errorf("%q: read %q, %v", text, read, plain)
		}
	}
}

func TestLeaseIsReleasedIfAValueIsNotComputedOrNotStored(t *testing.T) {
	for _, expiry := range []time.Duration{0, time.Second} {
		fake := NewFake()
		cache := fake.Context().Cache
		if expiry > 0 {
			if err := cache.SetWithExpiry("k", 1.5, expiry); err != nil {
				t.Fatal(err)
			}
		}
		for _, compute := range []func() (float64, error){
			func() (float64, error) { return 0, Conflict("no") },
			func() (float64, error) { return math.NaN(), nil },
		} {
			value, err := GetOrSet(cache, "k", time.Minute, func() (float64, error) {
				if fake.leases["k"] != thisCall {
					t.Error("there is no lease")
				}
				return compute()
			}, Early(5*time.Second))
			if (err == nil) != (value == 1.5) || (err == nil) != (expiry > 0) || len(fake.leases) > 0 {
				t.Errorf("got %v, %v with the leases %v", value, err, fake.leases)
			}
		}
	}
}

func TestValueThatAnUnavailableCacheMayNotHaveStoredIsReturnedWithAWarning(t *testing.T) {
	fake := NewFake()
	g := &getOrSet{cache: fake.Context().Cache, key: "k"}
	tooLarge := refusedf(CacheTooLarge, "no room")
	for _, err := range []error{nil, tooLarge} {
		if kept := g.unlessUnavailable(err); kept != err {
			t.Errorf("got %v", kept)
		}
	}
	if err := g.unlessUnavailable(refusedf(CacheUnavailable, "no response")); err != nil {
		t.Errorf("got %v", err)
	}
	expected := []string{`warn: the value under "k" may not have been stored: no response`}
	if !slices.Equal(fake.Logs(), expected) {
		t.Errorf("logged %q", fake.Logs())
	}
}

func TestCallWaitsForFiveSecondsByDefault(t *testing.T) {
	for _, one := range []struct {
		options []GetOrSetOption
		millis  uint32
	}{
		{nil, 5000},
		{[]GetOrSetOption{Wait(0)}, 0},
		{[]GetOrSetOption{Wait(-time.Hour)}, 0},
		{[]GetOrSetOption{Wait(1500 * time.Millisecond)}, 1500},
		{[]GetOrSetOption{Wait(math.MaxInt64)}, math.MaxUint32},
	} {
		g, err := newGetOrSet(Cache{}, "k", time.Minute, one.options)
		if err != nil || g.waitMillis != one.millis {
			t.Errorf("%+v, %v; expected %d", g, err, one.millis)
		}
	}
}
