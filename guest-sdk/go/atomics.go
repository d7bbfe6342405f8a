package hostel

import (
	"reflect"
	"time"
)

// Atomic operations on one entry.

// updateTries is the maximum number of attempts of Update. Update makes another attempt only if the
// entry has changed since Update read it.
const updateTries = 100

// SetIfAbsent stores value under key if there is no live entry, and returns whether it stored the
// value. The new entry has no expiry. A live entry stays unchanged, even if its value is null.
//
//	first, err := ctx.Cache.SetIfAbsent("owner", name)
//
// The operation is atomic across all instances, plugins and hosts that share the cache. After
// [CacheUnavailable] the change may have been made, so a retry may apply it twice; this package
// never retries after this error. This paragraph also applies to [Cache.SetIfAbsentWithExpiry],
// [Cache.Increment], [Cache.IncrementWithExpiry], [Cache.CompareAndSwapRaw], [Update], [Take] and
// [Cache.TakeRaw].
//
// Errors: those of [Cache.Set].
func (c Cache) SetIfAbsent(key string, value any) (created bool, err error) {
	return c.setIfAbsent(key, value, 0)
}

// SetIfAbsentWithExpiry is like [Cache.SetIfAbsent], with an expiry for the entry that it creates.
//
// Errors: those of [Cache.SetWithExpiry].
func (c Cache) SetIfAbsentWithExpiry(key string, value any, expiry time.Duration) (created bool, err error) {
	seconds, err := wholeSeconds(expiry)
	if err != nil {
		return false, err
	}
	return c.setIfAbsent(key, value, seconds)
}

func (c Cache) setIfAbsent(key string, value any, seconds uint32) (bool, error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	var room [64]byte
	text, err := appendValue(room[:0], key, value)
	if err != nil {
		return false, err
	}
	return c.host.setIfAbsent(key, text, seconds)
}

// Increment adds delta to the integer under key and returns the sum. A missing entry counts as 0.
// An existing entry keeps its expiry; a new one has none.
//
//	visits, err := ctx.Cache.Increment("visits", 1)
//
// Errors: [CacheInvalidValue] when delta, the sum, or the value under the key is not an integer
// from -(2^53 - 1) to 2^53 - 1. An invalid delta is refused without a call to the host. A stored
// 1.0 or "1" is not an integer. Also [CacheInvalidKey], [CacheTooLarge], [CacheDenied],
// [CacheUnavailable].
func (c Cache) Increment(key string, delta int64) (sum int64, err error) {
	return c.increment(key, delta, 0)
}

// IncrementWithExpiry is like [Cache.Increment], with an expiry for the entry that it creates. An
// existing entry keeps its expiry, so the lifetime of a counter begins with its first increment.
//
// Errors: those of [Cache.Increment], and [CacheInvalidExpiry] without a call to the host, even if
// the expiry would not apply.
func (c Cache) IncrementWithExpiry(key string, delta int64, expiry time.Duration) (sum int64, err error) {
	seconds, err := wholeSeconds(expiry)
	if err != nil {
		return 0, err
	}
	return c.increment(key, delta, seconds)
}

func (c Cache) increment(key string, delta int64, seconds uint32) (int64, error) {
	if delta < -maxInteger || delta > maxInteger {
		return 0, refusedf(CacheInvalidValue,
			"a delta of %d: it must be from -(2^53 - 1) to 2^53 - 1", delta)
	}
	if err := checkKey(key); err != nil {
		return 0, err
	}
	return c.host.increment(key, delta, seconds)
}

// Swap is the result of [Cache.CompareAndSwapRaw].
type Swap struct {
	// Swapped is true if the entry matched the argument expected, so that the change was made. If
	// it is false, the entry is unchanged.
	Swapped bool
	// Current is the JSON text of an entry that did not match. It is nil if there was no live entry
	// or if Swapped is true.
	Current *string
}

// lifetime is the case of the WIT variant lifetime: the expiry of the entry that a swap writes.
type lifetime uint8

const (
	lifetimeKeep lifetime = iota
	lifetimeUnlimited
	lifetimeAfter
)

// CompareAndSwapRaw replaces the entry under key with wanted if the entry's JSON text equals
// expected, byte for byte. A nil means no live entry: if expected is nil, the call only creates an
// entry; if wanted is nil, the call removes the entry and ignores the expiry.
//
// The new entry gets the expiry, as in [Cache.SetWithExpiry], or no expiry with [Unlimited]. With
// [Keep], a replaced entry keeps its expiry, and a created entry has no expiry.
//
//	swap, err := ctx.Cache.CompareAndSwapRaw("flag", new("true"), nil, hostel.Keep)
//
// [Cache.GetRaw] returns the text to compare with. Most services use [Update] instead.
//
// Errors: [CacheInvalidValue] and [CacheTooLarge] for either text; [CacheInvalidExpiry] without a
// call to the host; [CacheInvalidKey], [CacheDenied], [CacheUnavailable].
func (c Cache) CompareAndSwapRaw(key string, expected, wanted *string, expiry time.Duration) (Swap, error) {
	lifetime, seconds := lifetimeKeep, uint32(0)
	switch {
	case wanted == nil || expiry == Keep:
		// A removal ignores the expiry.
	case expiry == Unlimited:
		lifetime = lifetimeUnlimited
	default:
		var err error
		if seconds, err = wholeSeconds(expiry); err != nil {
			return Swap{}, err
		}
		lifetime = lifetimeAfter
	}
	if err := checkKey(key); err != nil {
		return Swap{}, err
	}
	for _, text := range []*string{expected, wanted} {
		if text == nil {
			continue
		}
		if err := checkText(key, *text); err != nil {
			return Swap{}, err
		}
	}
	return c.host.compareAndSwap(key, expected, wanted, lifetime, seconds)
}

// Update replaces the value under key with the result of change and returns the new value. If
// another caller changes the entry meanwhile, Update calls change again with the current value, so
// no change is lost. The function change may run several times and must have no side effects.
//
//	tags, err := hostel.Update(ctx.Cache, "tags", func(tags []string, _ bool) ([]string, error) {
//		return append(tags, tag), nil
//	})
//
// The arguments of change are the results of [Get]: the value, and whether there is one. An
// existing entry keeps its expiry. A new entry has no expiry; [Cache.Expire] can set one.
//
// Errors: the error of change, which leaves the entry unchanged; those of [Get] and [Cache.Set];
// and a [Failure] of kind [FailureUnavailable] if the entry changed during each of 100 attempts.
func Update[T any](cache Cache, key string, change func(old T, found bool) (T, error)) (T, error) {
	var none T
	if err := checkKind(reflect.TypeFor[T]()); err != nil {
		return none, err
	}
	text, found, err := cache.GetRaw(key)
	if err != nil {
		return none, err
	}
	expected := &text
	if !found {
		expected = nil
	}
	for range updateTries {
		old, found, err := readOptional[T](key, expected)
		if err != nil {
			return none, err
		}
		value, err := change(old, found)
		if err != nil {
			return none, err
		}
		swap, err := cache.swap(key, expected, value)
		if err != nil {
			return none, err
		}
		if swap.Swapped {
			return value, nil
		}
		expected = swap.Current
	}
	return none, Unavailable("the value under %s is not updated: other callers changed it %d times",
		shortened(key), updateTries)
}

// swap stores the value if the entry's text still equals expected. If expected is nil, swap stores
// the value if there is no live entry. An existing entry keeps its expiry.
func (c Cache) swap(key string, expected *string, value any) (Swap, error) {
	text, err := appendValue(nil, key, value)
	if err != nil {
		return Swap{}, err
	}
	wanted := string(text)
	return c.host.compareAndSwap(key, expected, &wanted, lifetimeKeep, 0)
}

// readOptional returns the value of a stored text, and whether there is a value other than null. A
// nil text means that there is no entry.
func readOptional[T any](key string, text *string) (value T, found bool, err error) {
	if text == nil || isNull([]byte(*text)) {
		return value, false, nil
	}
	if err := read(key, []byte(*text), &value); err != nil {
		var none T
		return none, false, err
	}
	return value, true, nil
}

// Take removes the entry under key and returns its value, and whether there was one. If several
// callers take the same entry, only one gets the value. A stored null is removed, but does not
// count as a value, as in [Get].
//
//	user, found, err := hostel.Take[string](ctx.Cache, "token:"+token)
//
// Errors: those of [Get]. A value that does not fit T is removed as well; [Cache.TakeRaw] returns
// any value.
func Take[T any](cache Cache, key string) (value T, found bool, err error) {
	if err := checkKind(reflect.TypeFor[T]()); err != nil {
		return value, false, err
	}
	text, found, err := cache.TakeRaw(key)
	if !found {
		return value, false, err
	}
	return readOptional[T](key, &text)
}

// TakeRaw is like [Take], but returns the JSON text as it was stored. A stored null is "null".
//
// Errors: [CacheInvalidKey], [CacheDenied], [CacheUnavailable].
func (c Cache) TakeRaw(key string) (text string, found bool, err error) {
	if err := checkKey(key); err != nil {
		return "", false, err
	}
	bytes, found, err := c.host.take(key)
	if !found {
		return "", false, err
	}
	text = string(bytes)
	c.host.done()
	return text, true, nil
}
