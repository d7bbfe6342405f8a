package hostel

import (
	"maps"
	"reflect"
	"slices"
	"time"
)

// Several entries in one call to the host.

// GetMany returns the values under the keys, in the same order. An item is nil if [Get] would find
// no value under its key.
//
//	stocks, err := hostel.GetMany[int](ctx.Cache, "stock:tea", "stock:coffee")
//
// Each key is handled atomically, but the whole call is not atomic. All arguments are checked
// before any entry changes. A call with more than 1,000 keys fails with [CacheTooLarge], without a
// call to the host. This paragraph also applies to [SetMany], [SetManyWithExpiry] and
// [Cache.DeleteMany].
//
// Errors: those of [Get], and [CacheTooLarge] when the values together exceed the host's limit for
// one call.
func GetMany[T any](cache Cache, keys ...string) ([]*T, error) {
	if err := checkKind(reflect.TypeFor[T]()); err != nil {
		return nil, err
	}
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	texts, err := cache.host.getMany(keys)
	if err != nil {
		return nil, err
	}
	defer cache.host.done()
	values := make([]*T, len(texts))
	for i, text := range texts {
		if text == nil || isNull(text) {
			continue
		}
		value := new(T)
		if err := read(keys[i], text, value); err != nil {
			return nil, err
		}
		values[i] = value
	}
	return values, nil
}

// textEntry is a key and the JSON text to store under it.
type textEntry struct {
	key, text string
}

// SetMany stores the values under their keys, without an expiry.
//
//	err := hostel.SetMany(ctx.Cache, map[string]int{"stock:tea": 7, "stock:coffee": 3})
//
// Errors: those of [Cache.Set], and of [GetMany] for too many keys. After [CacheUnavailable] some
// entries may have been set.
func SetMany[T any](cache Cache, entries map[string]T) error {
	return setMany(cache, entries, 0)
}

// SetManyWithExpiry is like [SetMany], with this expiry for all entries.
//
// Errors: those of [Cache.SetWithExpiry], and of [GetMany] for too many keys. After
// [CacheUnavailable] some entries may have been set.
func SetManyWithExpiry[T any](cache Cache, entries map[string]T, expiry time.Duration) error {
	seconds, err := wholeSeconds(expiry)
	if err != nil {
		return err
	}
	return setMany(cache, entries, seconds)
}

func setMany[T any](cache Cache, entries map[string]T, seconds uint32) error {
	// Sort the keys, so that an error names the same key each time.
	keys := slices.Sorted(maps.Keys(entries))
	if err := checkKeys(keys); err != nil {
		return err
	}
	texts := make([]textEntry, len(keys))
	for i, key := range keys {
		text, err := appendValue(nil, key, entries[key])
		if err != nil {
			return err
		}
		texts[i] = textEntry{key, string(text)}
	}
	return cache.host.setMany(texts, seconds)
}

// DeleteMany removes the entries and returns the number of live entries removed.
//
// Errors: those of [Cache.Delete], and of [GetMany] for too many keys. After [CacheUnavailable]
// some entries may have been removed.
func (c Cache) DeleteMany(keys ...string) (removed int, err error) {
	if err := checkKeys(keys); err != nil {
		return 0, err
	}
	count, err := c.host.deleteMany(keys)
	return int(count), err
}

// checkKeys refuses too many keys, and a key that is not UTF-8.
func checkKeys(keys []string) error {
	if len(keys) > maxKeys {
		return refusedf(CacheTooLarge,
			"%d keys in one call: the maximum is %d; make several calls", len(keys), maxKeys)
	}
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return err
		}
	}
	return nil
}
