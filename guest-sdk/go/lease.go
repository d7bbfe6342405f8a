package hostel

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
)

// Usually only one call computes a missing value, even if many calls need it at the same time.

const defaultWait = 5 * time.Second

// GetOrSetOption changes the behavior of [GetOrSet]. It is created by [Early] and [Wait].
type GetOrSetOption struct {
	apply func(*getOrSet)
}

// Early refreshes a value before it expires. When less than early remains of the value's lifetime,
// one call computes the new value. Meanwhile the other calls get the old value without waiting. The
// duration early must be whole seconds, at least 1 second and less than the expiry, which cannot be
// [Unlimited]. Choose a duration far below the expiry; otherwise the value is computed too often.
func Early(early time.Duration) GetOrSetOption {
	return GetOrSetOption{func(g *getOrSet) { g.early = &early }}
}

// Wait sets the maximum time that a call waits while another call computes the value. The default
// is 5 seconds. A call never waits longer than three quarters of its remaining time. With zero, a
// call does not wait.
func Wait(wait time.Duration) GetOrSetOption {
	return GetOrSetOption{func(g *getOrSet) { g.wait = wait }}
}

// getOrSet is the state of one call of GetOrSet.
type getOrSet struct {
	cache Cache
	key   string
	early *time.Duration
	wait  time.Duration

	// The expiry, early and wait, in the units of the host's interface; 0 means none.
	expirySeconds, earlySeconds, waitMillis uint32
}

func newGetOrSet(cache Cache, key string, expiry time.Duration, options []GetOrSetOption) (*getOrSet, error) {
	g := &getOrSet{cache: cache, key: key, wait: defaultWait}
	for _, option := range options {
		if option.apply != nil {
			option.apply(g)
		}
	}
	var err error
	if g.expirySeconds, err = secondsOrNone(expiry); err != nil {
		return nil, err
	}
	if g.early != nil {
		if g.earlySeconds, err = earlySeconds(*g.early, g.expirySeconds); err != nil {
			return nil, err
		}
	}
	g.waitMillis = uint32(min(max(g.wait.Milliseconds(), 0), math.MaxUint32))
	return g, nil
}

// leaseFound is the host's result for a key: whether there is a value, and which call computes it.
type leaseFound uint8

const (
	// foundValue: the value of a live entry. This call does not refresh it.
	foundValue leaseFound = iota
	// foundRefresh: the value of a live entry that expires soon. This call refreshes it.
	foundRefresh
	// foundCompute: there is no live entry; this call computes the value.
	foundCompute
	// foundBusy: there is no live entry, and this call did not get the lease. It computes the value
	// without storing it.
	foundBusy
)

// GetOrSet returns the value under key. If the key has no value, GetOrSet calls compute, and stores
// and returns the computed value. The new entry has the given expiry, or none with [Unlimited].
//
//	rate, err := hostel.GetOrSet(ctx.Cache, "rate", time.Minute, func() (float64, error) {
//		return fetchRate(ctx)
//	})
//
// If several calls miss the key at the same time, on any host that shares the cache, one of them
// computes the value. The others wait for it, by default up to 5 seconds ([Wait]). A call that gets
// no value in this time, or finds too many waiting calls, computes its own value and does not store
// it. So compute can run more than once: this is not a lock.
//
// A stored null counts as a value. If the key is set or deleted while compute runs, GetOrSet
// returns the result of compute but does not store it, because the other change is newer.
//
// If an early refresh ([Early]) fails, GetOrSet returns the old value and logs a warning.
//
// Errors: the error of compute, and those of [Get] and [Cache.SetWithExpiry], with one exception:
// if the cache is unavailable when the computed value is stored, GetOrSet still returns that value
// and logs a warning.
func GetOrSet[T any](
	cache Cache, key string, expiry time.Duration, compute func() (T, error), options ...GetOrSetOption,
) (T, error) {
	var none T
	if err := checkKind(reflect.TypeFor[T]()); err != nil {
		return none, err
	}
	g, err := newGetOrSet(cache, key, expiry, options)
	if err != nil {
		return none, err
	}
	if err := checkKey(key); err != nil {
		return none, err
	}
	// Without early refresh, try a plain get first, so that a hit costs no more than Get.
	if g.early == nil {
		text, there, err := cache.host.get(key)
		if err != nil {
			return none, err
		}
		if there {
			return readStored[T](g, text)
		}
	}
	found, text, err := cache.host.getOrLease(key, g.earlySeconds, g.waitMillis)
	if err != nil {
		return none, err
	}
	switch found {
	case foundValue:
		return readStored[T](g, text)
	case foundRefresh:
		old := bytes.Clone(text)
		cache.host.done()
		value, err := computeAndFill(g, compute)
		if err != nil {
			g.warn("could not be refreshed", err)
			return readAnyStored[T](key, old)
		}
		return value, nil
	case foundCompute:
		return computeAndFill(g, compute)
	}
	value, err := compute()
	if err != nil {
		return none, err
	}
	return value, nil
}

// readStored reads a text from host.get or host.getOrLease, and calls host.done.
func readStored[T any](g *getOrSet, text []byte) (T, error) {
	defer g.cache.host.done()
	return readAnyStored[T](g.key, text)
}

// readAnyStored reads a stored JSON text. A null is an error unless T accepts null.
func readAnyStored[T any](key string, text []byte) (value T, err error) {
	if isNull(text) && !readsNull(&value) {
		err = doesNotRead(key, &value, "it is null", "")
	} else {
		err = read(key, text, &value)
	}
	if err != nil {
		var none T
		return none, err
	}
	return value, nil
}

// readsNull returns true if encoding/json can read a null into the target. For a null,
// encoding/json leaves any other target unchanged.
func readsNull(target any) bool {
	return canBeNil(target) || reflect.TypeOf(target).Implements(unmarshaler)
}

func computeAndFill[T any](g *getOrSet, compute func() (T, error)) (T, error) {
	value, err := compute()
	if err == nil {
		err = g.fill(value)
	}
	if err != nil {
		// Ignore an error: the host releases the lease at the end of the call anyway.
		_ = g.cache.host.release(g.key)
		var none T
		return none, err
	}
	return value, nil
}

// fill stores the computed value if this call still holds the lease.
func (g *getOrSet) fill(value any) error {
	text, err := appendValue(nil, g.key, value)
	if err != nil {
		return err
	}
	_, err = g.cache.host.fill(g.key, text, g.expirySeconds)
	return g.unlessUnavailable(err)
}

// unlessUnavailable logs the error of an unavailable cache as a warning and returns nil, because
// the service already has the computed value. It returns any other error.
func (g *getOrSet) unlessUnavailable(err error) error {
	var refused *CacheError
	if errors.As(err, &refused) && refused.Kind == CacheUnavailable {
		g.warn("may not have been stored", err)
		return nil
	}
	return err
}

func (g *getOrSet) warn(what string, err error) {
	message := fmt.Sprintf("the value under %s %s: %v", shortened(g.key), what, err)
	g.cache.host.log(LevelWarn, message)
}
