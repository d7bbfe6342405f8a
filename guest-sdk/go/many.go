package hostel

import (
	"maps"
	"reflect"
	"slices"
	"time"
)

// Several entries in one call of the host.

// GetMany is the values under the keys, in their order: nil where [Get] finds none.
//
//	stocks, err := hostel.GetMany[int](ctx.Cache, "stock:tea", "stock:coffee")
//
// Each key by itself is as in the function for one key; all together are not one step. All
// arguments are checked before anything is done. At most 1,000 keys a call: more are
// [CacheTooLarge], without a call to the host. That holds for the functions and the method below
// too.
//
// Errors: those of [Get], and [CacheTooLarge] when the values together are larger than the host
// reads at once.
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

// textEntry is a key with the JSON text that is to be stored under it.
type textEntry struct {
	key, text string
}

// SetMany stores the values under their keys, without an expiry.
//
//	err := hostel.SetMany(ctx.Cache, map[string]int{"stock:tea": 7, "stock:coffee": 3})
//
// Errors: those of [Cache.Set], and of [GetMany] for too many keys. After [CacheUnavailable] some
// of them may be set.
func SetMany[T any](cache Cache, entries map[string]T) error {
	return setMany(cache, entries, 0)
}

// SetManyWithExpiry is as [SetMany], all with this expiry.
//
// Errors: those of [Cache.SetWithExpiry], and of [GetMany] for too many keys. After
// [CacheUnavailable] some of them may be set.
func SetManyWithExpiry[T any](cache Cache, entries map[string]T, expiry time.Duration) error {
	seconds, err := wholeSeconds(expiry)
	if err != nil {
		return err
	}
	return setMany(cache, entries, seconds)
}

func setMany[T any](cache Cache, entries map[string]T, seconds uint32) error {
	// Sorted, so that an error names the same key each time.
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

// DeleteMany removes the entries, and returns how many live ones there were.
//
// Errors: those of [Cache.Delete], and of [GetMany] for too many keys. After [CacheUnavailable]
// some of them may be gone.
func (c Cache) DeleteMany(keys ...string) (removed int, err error) {
	if err := checkKeys(keys); err != nil {
		return 0, err
	}
	count, err := c.host.deleteMany(keys)
	return int(count), err
}

// checkKeys refuses more keys than a call may have, and a key that the host's interface cannot
// take.
func checkKeys(keys []string) error {
	if len(keys) > maxKeys {
		return refusedf(CacheTooLarge,
			"%d keys in one call: it may have %d; make several calls", len(keys), maxKeys)
	}
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return err
		}
	}
	return nil
}
