package hostel

import (
	"math"
	"time"
)

const (
	// Unlimited means no expiry; no other duration is longer. [Cache.TTL] returns Unlimited for an
	// entry without an expiry. [Cache.Expire], [Cache.CompareAndSwapRaw] and [GetOrSet] accept
	// Unlimited as an expiry.
	Unlimited time.Duration = math.MaxInt64

	// Keep makes [Cache.CompareAndSwapRaw] keep the entry's expiry.
	Keep time.Duration = -1
)

// wholeSeconds converts an expiry to seconds. It refuses a fraction of a second and an expiry out
// of range.
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

// secondsOrNone is like wholeSeconds, but returns 0 for Unlimited.
func secondsOrNone(expiry time.Duration) (uint32, error) {
	if expiry == Unlimited {
		return 0, nil
	}
	return wholeSeconds(expiry)
}

// earlySeconds converts the duration of [Early] to seconds. It refuses the durations that
// wholeSeconds refuses, a duration that is not less than the expiry, and any duration if the expiry
// is 0, which means Unlimited.
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
