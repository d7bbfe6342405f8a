package hostel

import (
	"iter"
	"time"
	"unicode/utf8"
)

// How long entries live, and work on all entries whose keys begin alike.

// timeLeft is how long an entry still lives, as the host has it.
type timeLeft uint8

const (
	timeLeftMissing timeLeft = iota
	timeLeftUnlimited
	timeLeftSeconds
)

// TTL is how long the entry under key still lives, in whole seconds, rounded up; [Unlimited] where
// it has no expiry. found is false where there is no live entry. Does not count as a use for
// eviction.
//
//	left, found, err := ctx.Cache.TTL("session")
//
// Errors: [CacheInvalidKey], [CacheDenied], [CacheUnavailable] from the host.
func (c Cache) TTL(key string) (left time.Duration, found bool, err error) {
	if err := checkKey(key); err != nil {
		return 0, false, err
	}
	kind, seconds, err := c.host.ttl(key)
	switch {
	case err != nil || kind == timeLeftMissing:
		return 0, false, err
	case kind == timeLeftUnlimited:
		return Unlimited, true, nil
	}
	return time.Duration(seconds) * time.Second, true, nil
}

// Expire gives a live entry another expiry, counted from now; [Unlimited] takes its expiry away.
// True when there is a live entry.
//
// Errors: [CacheInvalidExpiry] without a call to the host, as for [Cache.SetWithExpiry];
// [CacheInvalidKey], [CacheDenied], [CacheUnavailable] from the host.
func (c Cache) Expire(key string, expiry time.Duration) (found bool, err error) {
	seconds, err := secondsOrNone(expiry)
	if err != nil {
		return false, err
	}
	if err := checkKey(key); err != nil {
		return false, err
	}
	return c.host.expire(key, seconds)
}

// Keys is the keys that begin with prefix, which is plain text and may be empty, in no order. The
// host is called for the next keys when the loop needs them.
//
//	for key, err := range ctx.Cache.Keys("session:") {
//		if err != nil {
//			return err
//		}
//
// A key that lives throughout the loop is in it, and may be in it more than once. One that is set
// or removed meanwhile may be in it or not. After an error the loop is over.
//
// Errors: [CacheInvalidKey] when the prefix is not UTF-8; [CacheDenied], [CacheUnavailable] from
// the host.
func (c Cache) Keys(prefix string) iter.Seq2[string, error] {
	return func(yield func(key string, err error) bool) {
		if err := checkPrefix(prefix); err != nil {
			yield("", err)
			return
		}
		var cursor *string
		for {
			keys, next, err := c.host.keys(prefix, cursor)
			if err != nil {
				yield("", err)
				return
			}
			for _, key := range keys {
				if !yield(key, nil) {
					return
				}
			}
			if next == nil {
				return
			}
			cursor = next
		}
	}
}

// DeletePrefix removes the entries whose keys begin with prefix, and returns how many live ones
// there were. The empty prefix is that of every key. Together this is not one step: an entry that
// is set meanwhile may stay.
//
// Errors: [CacheInvalidKey] when the prefix is not UTF-8; [CacheDenied], [CacheUnavailable] from
// the host. After [CacheUnavailable] some of them may be gone.
func (c Cache) DeletePrefix(prefix string) (removed int, err error) {
	if err := checkPrefix(prefix); err != nil {
		return 0, err
	}
	var cursor *string
	for {
		count, next, err := c.host.deletePrefix(prefix, cursor)
		if err != nil {
			return 0, err
		}
		removed += int(count)
		if next == nil {
			return removed, nil
		}
		cursor = next
	}
}

// checkPrefix refuses a prefix that the host's interface cannot take. No key begins with it.
func checkPrefix(prefix string) error {
	if !utf8.ValidString(prefix) {
		return refusedf(CacheInvalidKey, "invalid prefix %s: a prefix is UTF-8", shortened(prefix))
	}
	return nil
}
