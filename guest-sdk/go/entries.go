package hostel

import (
	"iter"
	"time"
	"unicode/utf8"
)

// Expiry of entries, iteration over keys, and removal by prefix.

// timeLeft is the case of the WIT variant time-left: the kind of an entry's remaining lifetime.
type timeLeft uint8

const (
	timeLeftMissing timeLeft = iota
	timeLeftUnlimited
	timeLeftSeconds
)

// TTL returns the remaining lifetime of the entry under key, rounded up to whole seconds, or
// [Unlimited] if the entry has no expiry. The result found is false when there is no live entry.
// This call does not count as a use for eviction.
//
//	left, found, err := ctx.Cache.TTL("session")
//
// Errors: [CacheInvalidKey], [CacheDenied], [CacheUnavailable].
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

// Expire changes the expiry of a live entry, counted from now, and returns whether there is a live
// entry. [Unlimited] removes the expiry.
//
// Errors: [CacheInvalidExpiry] without a call to the host, as in [Cache.SetWithExpiry];
// [CacheInvalidKey], [CacheDenied], [CacheUnavailable].
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

// Keys iterates over the keys that begin with prefix, in no particular order. The prefix is literal
// text and may be empty. The iterator fetches more keys from the host when the loop needs them.
//
//	for key, err := range ctx.Cache.Keys("session:") {
//		if err != nil {
//			return err
//		}
//
// A key that exists during the whole loop occurs at least once. A key that is created or removed
// during the loop may or may not occur. The loop ends after an error.
//
// Errors: [CacheInvalidKey] when the prefix is not UTF-8; [CacheDenied], [CacheUnavailable].
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

// DeletePrefix removes the entries whose keys begin with prefix, and returns the number of live
// entries removed. The empty prefix matches every key. The call is not atomic: an entry that
// another call sets meanwhile may remain.
//
// Errors: [CacheInvalidKey] when the prefix is not UTF-8; [CacheDenied], [CacheUnavailable]. After
// [CacheUnavailable] some entries may have been removed.
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

// checkPrefix refuses a prefix that is not UTF-8: the host's interface takes only Unicode strings.
func checkPrefix(prefix string) error {
	if !utf8.ValidString(prefix) {
		return refusedf(CacheInvalidKey, "invalid prefix %s: a prefix must be UTF-8", shortened(prefix))
	}
	return nil
}
