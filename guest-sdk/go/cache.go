package hostel

import (
	"fmt"
	"reflect"
	"time"
	"unicode/utf8"
)

// Cache is this plugin's cache, shared by all its instances.
//
//   - Values are JSON: plugins in any language can read them.
//   - Keys are 1 to 1,024 bytes of UTF-8, compared byte by byte. Values are at most 100 levels deep
//     and, in the host's default configuration, at most 1 MiB of JSON.
//   - A cache may lose entries. A cache in the host's memory is empty after a restart. When it is
//     full, it evicts entries that have not been used recently. A Redis server evicts by its own
//     maxmemory-policy, or refuses each set. Keep a copy elsewhere of any value that must not be
//     lost.
//   - Each function and method except [GetOrSet] is atomic for each key. A [Get] followed by a
//     [Cache.Set] is not: if two concurrent calls do both, one change may be lost.
//     [Cache.Increment], [Update], [Take] and [Cache.SetIfAbsent] never lose a change.
//   - After an error the entry is unchanged, with two exceptions: after [CacheUnavailable] the
//     entry may have changed, and [Take] removes even a value that does not fit the type.
//   - In Redis, another program may store data under a key. A call that reads this data may also
//     fail with [CacheInvalidValue] or [CacheTooLarge].
//
// Every error is a *[CacheError], except the errors of the functions passed to [Update] and
// [GetOrSet], and the [Failure] that Update returns after too many attempts:
//
//	var refused *hostel.CacheError
//	if errors.As(err, &refused) && refused.Kind == hostel.CacheTooLarge {
//
// A Cache is safe for concurrent use by several goroutines.
type Cache struct {
	host host
}

// Get reads the value under key into the variable that target points to, by the rules of
// encoding/json, and returns whether there was a value. For a missing or expired entry and for a
// stored null, Get leaves the variable unchanged and returns false; [Cache.Exists] distinguishes
// these cases. Get never extends the expiry. The function [Get] returns the value instead.
//
// An integer is never rounded. If a float64 cannot represent an integer exactly, the integer cannot
// be read as a float64 or as an any; a float32 has the same rule. Read a large integer as an int64,
// a uint64, a [math/big.Int] or a [encoding/json.Number], or use [Cache.GetRaw]. JSON members
// without a field in the target are ignored.
//
// Errors: [CacheInvalidValue] when the value does not fit or would be rounded; the variable is then
// undefined. [CacheInvalidValue] also when target is not a pointer to a type that JSON can be read
// into. Also [CacheInvalidKey], [CacheDenied], [CacheUnavailable].
func (c Cache) Get(key string, target any) (found bool, err error) {
	if err := checkTarget(target); err != nil {
		return false, err
	}
	text, found, err := c.open(key)
	if !found {
		return false, err
	}
	if readPlain(text, target) {
		c.host.done()
		return true, nil
	}
	if err := c.readDone(key, text, target); err != nil {
		return false, err
	}
	return true, nil
}

// open returns the value under key without copying it, and whether there is a value other than
// null. If found is true, the caller must call host.done after reading the text.
func (c Cache) open(key string) (text []byte, found bool, err error) {
	if err := checkKey(key); err != nil {
		return nil, false, err
	}
	text, found, err = c.host.get(key)
	if found && isNull(text) {
		c.host.done()
		return nil, false, nil
	}
	return text, found, err
}

// readDone reads a text from open that readPlain does not handle, and calls host.done.
func (c Cache) readDone(key string, text []byte, target any) error {
	// Deferred because a type's UnmarshalJSON may panic.
	defer c.host.done()
	if err := fromJSON(text, target); err != nil {
		return doesNotRead(key, target, err, "; GetRaw returns its text")
	}
	return nil
}

func read(key string, text []byte, target any) error {
	if readPlain(text, target) {
		return nil
	}
	if err := fromJSON(text, target); err != nil {
		return doesNotRead(key, target, err, "")
	}
	return nil
}

func doesNotRead(key string, target, why any, advice string) error {
	return refusedf(CacheInvalidValue, "the value under %s cannot be read as %s: %v%s",
		shortened(key), typeName(target), why, advice)
}

// Get returns the value under key as a T, and whether there is one; see [Cache.Get].
//
//	visits, found, err := hostel.Get[int](ctx.Cache, "visits")
func Get[T any](cache Cache, key string) (value T, found bool, err error) {
	if err := checkKind(reflect.TypeFor[T]()); err != nil {
		return value, false, err
	}
	text, found, err := cache.open(key)
	if !found {
		return value, false, err
	}
	if readPlain(text, &value) {
		cache.host.done()
		return value, true, nil
	}
	return readAs[T](cache, key, text)
}

// readAs is separate from Get to keep the value in Get off the heap.
func readAs[T any](cache Cache, key string, text []byte) (value T, found bool, err error) {
	if err := cache.readDone(key, text, &value); err != nil {
		var none T
		return none, false, err
	}
	return value, true, nil
}

// GetRaw returns the JSON text under key, byte for byte as it was stored, and whether there is one.
// Use it for numbers that no Go type can represent, or to forward a value without decoding it. A
// stored null is "null".
//
// Errors: [CacheInvalidKey], [CacheDenied], [CacheUnavailable].
func (c Cache) GetRaw(key string) (text string, found bool, err error) {
	if err := checkKey(key); err != nil {
		return "", false, err
	}
	bytes, found, err := c.host.get(key)
	if !found {
		return "", false, err
	}
	text = string(bytes)
	c.host.done()
	return text, true, nil
}

// Set stores value under key. It replaces any existing entry and its expiry; the new entry has no
// expiry.
//
// The value is written by the rules of encoding/json, with two exceptions: <, > and & are not
// escaped, and .0 is appended to a large float that is written with digits only. A
// [encoding/json.RawMessage] loses only the white space between its tokens.
//
// Errors: [CacheInvalidValue] for a value that the cache cannot store. These are values that
// encoding/json refuses (a NaN, an infinity, a function, a channel, a cycle) or would change
// silently (for example text that is not UTF-8, or a struct with only unexported fields). They are
// also values of types that other languages would not recognize (a time.Time, a []byte, or a set,
// which is a map of struct{}), and JSON that [Cache.SetRaw] refuses, for example deeper than 100
// levels. A type may define its JSON with MarshalJSON. Also [CacheInvalidKey], [CacheTooLarge],
// [CacheDenied], [CacheUnavailable].
func (c Cache) Set(key string, value any) error {
	return c.set(key, value, 0)
}

// SetRaw stores a JSON text under key, byte for byte, replacing any existing entry and its expiry.
// Use it for numbers that no Go type can represent, or to forward a value without decoding it.
//
// Errors: [CacheInvalidValue] when the text is not JSON, is nested deeper than 100 levels, or
// contains a lone surrogate or a number that is not finite as a float64. Also [CacheInvalidKey],
// [CacheTooLarge], [CacheDenied], [CacheUnavailable].
func (c Cache) SetRaw(key, text string) error {
	return c.setRaw(key, text, 0)
}

// SetRawWithExpiry is like [Cache.SetRaw], with an expiry as in [Cache.SetWithExpiry].
func (c Cache) SetRawWithExpiry(key, text string, expiry time.Duration) error {
	seconds, err := wholeSeconds(expiry)
	if err != nil {
		return err
	}
	return c.setRaw(key, text, seconds)
}

// SetWithExpiry is like [Cache.Set], but the entry expires after the given duration.
//
// Errors: those of [Cache.Set]. Also [CacheInvalidExpiry], without a call to the host, if expiry is
// not a whole number of seconds from 1 to 315,360,000 (ten years).
func (c Cache) SetWithExpiry(key string, value any, expiry time.Duration) error {
	seconds, err := wholeSeconds(expiry)
	if err != nil {
		return err
	}
	return c.set(key, value, seconds)
}

func (c Cache) setRaw(key, text string, seconds uint32) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := checkText(key, text); err != nil {
		return err
	}
	return c.host.set(key, []byte(text), seconds)
}

func (c Cache) set(key string, value any, seconds uint32) error {
	if err := checkKey(key); err != nil {
		return err
	}
	var room [64]byte
	text, err := appendValue(room[:0], key, value)
	if err != nil {
		return err
	}
	return c.host.set(key, text, seconds)
}

// appendValue returns the JSON of a value. To save an allocation, it appends the JSON of a plain
// value to the empty slice. Errors name the key.
func appendValue(empty []byte, key string, value any) ([]byte, error) {
	if text, plain := appendPlain(empty, value); plain {
		return text, nil
	}
	text, err := toStorable(value)
	if err != nil {
		return nil, refusedf(CacheInvalidValue, "the value for %s has no JSON form: %v", shortened(key), err)
	}
	return text, nil
}

// Delete removes the entry under key and returns whether there was a live entry. Deleting a missing
// key is not an error.
//
// Errors: [CacheInvalidKey], [CacheDenied], [CacheUnavailable].
func (c Cache) Delete(key string) (removed bool, err error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	return c.host.delete(key)
}

// Exists returns whether there is a live entry, even if its value is null. This call does not count
// as a use for eviction.
//
// Errors: [CacheInvalidKey], [CacheDenied], [CacheUnavailable].
func (c Cache) Exists(key string) (bool, error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	return c.host.exists(key)
}

// checkKey refuses a key that is not UTF-8. The host checks the other rules for keys.
func checkKey(key string) error {
	if !utf8.ValidString(key) {
		return refusedf(CacheInvalidKey, "invalid key %s: a key must be UTF-8", shortened(key))
	}
	return nil
}

// checkText refuses a JSON text that is not UTF-8. The host checks the other rules for values.
func checkText(key, text string) error {
	if !utf8.ValidString(text) {
		return refusedf(CacheInvalidValue, "the JSON text for %s is not UTF-8", shortened(key))
	}
	return nil
}

// checkTarget refuses a target that no value can be read into.
func checkTarget(target any) error {
	pointer := reflect.ValueOf(target)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return refusedf(CacheInvalidValue, "a target of type %T: it must be a pointer to a variable that "+
			"the value is read into, as in Get(key, &value)", target)
	}
	return checkKind(pointer.Type().Elem())
}

// checkKind refuses a type that JSON cannot be read into.
func checkKind(t reflect.Type) error {
	inner := t
	for inner = destination(inner); inner != nil; inner = destination(inner.Elem()) {
		switch inner.Kind() {
		case reflect.Slice, reflect.Array:
			continue
		case reflect.Map:
			if !isReadKey(inner.Key()) {
				return unreadable(t, inner)
			}
			continue
		case reflect.Interface:
			if inner.NumMethod() > 0 {
				return unreadable(t, inner)
			}
		case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
			return unreadable(t, inner)
		}
		return nil
	}
	return nil
}

func unreadable(t, inner reflect.Type) error {
	return refusedf(CacheInvalidValue, "a target of type %v: JSON cannot be read as %v", t, inner)
}

// isReadKey returns true if a JSON member name can be read as a map key of type t.
func isReadKey(t reflect.Type) bool {
	switch kind := t.Kind(); {
	case kind == reflect.String, kind >= reflect.Int && kind <= reflect.Uintptr:
		return true
	}
	return reflect.PointerTo(t).Implements(textUnmarshaler)
}

// shortened returns the text in quotes for an error message, cut after 64 characters.
func shortened(text string) string {
	const most = 64
	shown := 0
	for start := range text {
		if shown == most {
			return fmt.Sprintf("%q..", text[:start])
		}
		shown++
	}
	return fmt.Sprintf("%q", text)
}
