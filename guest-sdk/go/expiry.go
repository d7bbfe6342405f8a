package hostel

import (
	"math"
	"time"
)

const (
	// Unlimited is the time of an entry that has no expiry: [Cache.TTL] returns it, and it is
	// longer than any other. [Cache.Expire], [Cache.CompareAndSwapRaw] and [GetOrSet] take it as an
	// expiry.
	Unlimited time.Duration = math.MaxInt64

	// Keep stands for the expiry that an entry has, in [Cache.CompareAndSwapRaw].
	Keep time.Duration = -1
)

// wholeSeconds is an expiry as the host takes it.
func wholeSeconds(expiry time.Duration) (uint32, error) {
	seconds := expiry / time.Second
	inRange := seconds >= 1 && seconds <= maxExpirySeconds
	if inRange && expiry%time.Second == 0 {
		return uint32(seconds), nil
	}
	fix := "as in 60*time.Second"
	if inRange {
		fix = "as expiry.Truncate(time.Second) is"
	}
	return 0, refusedf(CacheInvalidExpiry,
		"an expiry of %v: it must be whole seconds, 1 to %d (ten years), %s", expiry, maxExpirySeconds, fix)
}

// secondsOrNone is as wholeSeconds, and 0 for Unlimited.
func secondsOrNone(expiry time.Duration) (uint32, error) {
	if expiry == Unlimited {
		return 0, nil
	}
	return wholeSeconds(expiry)
}

// earlySeconds is the time of [Early] as the host takes it. It must be less than the expiry, which
// is 0 for Unlimited.
func earlySeconds(early time.Duration, expiry uint32) (uint32, error) {
	seconds, err := wholeSeconds(early)
	if err != nil || seconds < expiry {
		return seconds, err
	}
	if expiry == 0 {
		return 0, refusedf(CacheInvalidExpiry,
			"early is %d s, but there is no expiry: set a longer expiry", seconds)
	}
	return 0, refusedf(CacheInvalidExpiry,
		"early is %d s: it must be less than the expiry, %d s", seconds, expiry)
}
