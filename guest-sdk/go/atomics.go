package hostel

import (
	"reflect"
	"time"
)

// Reading and changing one entry in one step.

// updateTries is how often Update tries to swap a value in. Each lost try is another caller's
// success, so only a key with very many writers reaches it.
const updateTries = 100

// SetIfAbsent stores value under key where there is no live entry, without an expiry; true when it
// did. A live entry stays untouched, also one whose value is null.
//
//	first, err := ctx.Cache.SetIfAbsent("owner", name)
//
// It is one step: no other operation on the key comes between the reading and the writing, from any
// instance, plugin or host that shares the cache. That holds for the methods and functions below
// too. After [CacheUnavailable] the change may have been made, so a repeated call may make it
// twice; this package repeats none.
//
// Errors: those of [Cache.Set].
func (c Cache) SetIfAbsent(key string, value any) (created bool, err error) {
	return c.setIfAbsent(key, value, 0)
}

// SetIfAbsentWithExpiry is as [Cache.SetIfAbsent], with an expiry for the entry that it creates.
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
// An entry that is there keeps its expiry; a new one has none.
//
//	visits, err := ctx.Cache.Increment("visits", 1)
//
// Errors: [CacheInvalidValue] when delta, the sum, or the value under the key is not an integer
// from -(2^53 - 1) to 2^53 - 1; of delta without a call to the host. A value such as 1.0 or "1" is
// not one. [CacheInvalidKey], [CacheTooLarge], [CacheDenied], [CacheUnavailable] from the host.
func (c Cache) Increment(key string, delta int64) (sum int64, err error) {
	return c.increment(key, delta, 0)
}

// IncrementWithExpiry is as [Cache.Increment], with an expiry for the entry that it creates. An
// entry that is there keeps its own, so the count ends this long after it began.
//
// Errors: those of [Cache.Increment], and [CacheInvalidExpiry] without a call to the host, also
// where the expiry would not apply.
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
	// Swapped is true when the entry was as expected, and is now as wanted. Otherwise nothing has
	// changed.
	Swapped bool
	// Current is the JSON text of the entry where it was not as expected; nil where there is no
	// live entry.
	Current *string
}

// lifetime is how long an entry lives that is swapped in, as the host takes it.
type lifetime uint8

const (
	lifetimeKeep lifetime = iota
	lifetimeUnlimited
	lifetimeAfter
)

// CompareAndSwapRaw replaces the entry under key if its JSON text is expected, byte for byte. A nil
// stands for "no live entry" on either side: as expected it creates the entry, as wanted it removes
// it.
//
// The new entry has the given expiry, as [Cache.SetWithExpiry] takes it. [Unlimited] gives it none.
// [Keep] leaves that of the entry that it replaces; an entry that replaces none then has no expiry.
//
//	swap, err := ctx.Cache.CompareAndSwapRaw("flag", new("true"), nil, hostel.Keep)
//
// [Cache.GetRaw] returns such a text. [Update] is the common use.
//
// Errors: [CacheInvalidValue] and [CacheTooLarge] of either text; [CacheInvalidExpiry] without a
// call to the host; [CacheInvalidKey], [CacheDenied], [CacheUnavailable] from the host.
func (c Cache) CompareAndSwapRaw(key string, expected, wanted *string, expiry time.Duration) (Swap, error) {
	lifetime, seconds := lifetimeKeep, uint32(0)
	switch {
	case wanted == nil || expiry == Keep:
		// The expiry of an entry that is removed does not count.
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

// Update replaces the value under key by the one that change makes of it, and returns the new one.
// No other change of the entry is lost: where one came between, change is called again with the
// value that is there then. It must do nothing else than compute.
//
//	tags, err := hostel.Update(ctx.Cache, "tags", func(tags []string, _ bool) ([]string, error) {
//		return append(tags, tag), nil
//	})
//
// change gets the value, and whether there is one, as [Get] returns them. An entry that is there
// keeps its expiry; a new one has none, and [Cache.Expire] gives it one.
//
// Errors: that of change as it is, and the entry is untouched. Those of [Get] and [Cache.Set]. A
// [Failure] of kind [FailureUnavailable] when other callers changed the entry each time, which is
// tried 100 times.
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
	return none, Unavailable("the value under %s is not updated: it was changed meanwhile %d times",
		shortened(key), updateTries)
}

// swap stores a value where the text is still the expected one.
func (c Cache) swap(key string, expected *string, value any) (Swap, error) {
	text, err := appendValue(nil, key, value)
	if err != nil {
		return Swap{}, err
	}
	wanted := string(text)
	return c.host.compareAndSwap(key, expected, &wanted, lifetimeKeep, 0)
}

// readOptional is the value of a text that was under key, and whether there is one that is not
// null.
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

// Take removes the entry under key and returns its value, and whether there was one: of several
// callers one gets it. A stored null is removed and is no value, as for [Get].
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

// TakeRaw is as [Take], with the JSON text as it was stored. A stored null is "null".
//
// Errors: [CacheInvalidKey], [CacheDenied], [CacheUnavailable] from the host.
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
