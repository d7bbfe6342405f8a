package hostel

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
)

// Values that are computed once, however many calls need them at the same time.

// defaultWait is how long a call waits for another one that computes the value.
const defaultWait = 5 * time.Second

// GetOrSetOption changes how [GetOrSet] works: [Early] and [Wait] make one.
type GetOrSetOption struct {
	apply func(*getOrSet)
}

// Early makes a value be computed anew before it expires, by one call in the last part of its life
// that is so long. The other calls get the old value meanwhile, so none has to wait. Whole seconds,
// less than the expiry, which cannot be [Unlimited]: choose far fewer, or most calls compute.
func Early(early time.Duration) GetOrSetOption {
	return GetOrSetOption{func(g *getOrSet) { g.early = &early }}
}

// Wait is the longest time that a call waits for another one that computes the value: 5 seconds
// without this option, and at most three quarters of the time that the call has left. Zero never
// waits.
func Wait(wait time.Duration) GetOrSetOption {
	return GetOrSetOption{func(g *getOrSet) { g.wait = wait }}
}

// getOrSet is one call of GetOrSet.
type getOrSet struct {
	cache Cache
	key   string
	early *time.Duration
	wait  time.Duration

	// As the host takes them.
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

// leaseFound is what the host found under a key, and which call computes the value.
type leaseFound uint8

const (
	// foundValue: the value of a live entry.
	foundValue leaseFound = iota
	// foundRefresh: the value of a live entry that soon expires. This call computes the next one.
	foundRefresh
	// foundCompute: there is no live entry, and this call computes it.
	foundCompute
	// foundBusy: there is no live entry, another call computes it, and the time to wait is over.
	foundBusy
)

// GetOrSet is the value under key. If the key has no value, compute makes one, which is stored with
// the expiry, or without one if that is [Unlimited].
//
//	rate, err := hostel.GetOrSet(ctx.Cache, "rate", time.Minute, func() (float64, error) {
//		return fetchRate(ctx)
//	})
//
// Of all calls that miss the key at the same time, on all hosts that share the cache, one computes;
// the others wait up to 5 seconds for its value. Then they compute as well, without storing the
// result. So compute may still run more than once: this is no lock.
//
// A stored null is a value here. A value that was set, or a key that was deleted, while compute ran
// is newer than its result: the result is then returned and not stored.
//
// With [Early], a value that cannot be computed anew is no error while the old one lives: a warning
// is logged, and the old value returned.
//
// Errors: that of compute as it is. Those of [Get] and [Cache.SetWithExpiry]; only where the
// computed value cannot be stored because the cache is unavailable, it is returned all the same,
// and a warning is logged.
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
	// A hit then costs what Get costs.
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
			g.warn("is not computed anew", err)
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

// readStored reads a text that the host returned in place, and calls done of the host.
func readStored[T any](g *getOrSet, text []byte) (T, error) {
	defer g.cache.host.done()
	return readAnyStored[T](g.key, text)
}

// readAnyStored reads a text that was under key, also a null.
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

// readsNull is true for a target that a null makes a difference to: encoding/json leaves any other
// as it is.
func readsNull(target any) bool {
	return canBeNil(target) || reflect.TypeOf(target).Implements(unmarshaler)
}

func computeAndFill[T any](g *getOrSet, compute func() (T, error)) (T, error) {
	value, err := compute()
	if err == nil {
		err = g.fill(value)
	}
	if err != nil {
		// An error of it is left out: the lease ends with the call in any case.
		_ = g.cache.host.release(g.key)
		var none T
		return none, err
	}
	return value, nil
}

// fill stores the value that was computed.
func (g *getOrSet) fill(value any) error {
	text, err := appendValue(nil, g.key, value)
	if err != nil {
		return err
	}
	_, err = g.cache.host.fill(g.key, text, g.expirySeconds)
	return g.unlessUnavailable(err)
}

// unlessUnavailable drops the error of a cache that is unavailable, with a warning: the service has
// its value.
func (g *getOrSet) unlessUnavailable(err error) error {
	var refused *CacheError
	if errors.As(err, &refused) && refused.Kind == CacheUnavailable {
		g.warn("may not be stored", err)
		return nil
	}
	return err
}

func (g *getOrSet) warn(what string, err error) {
	message := fmt.Sprintf("the value under %s %s: %v", shortened(g.key), what, err)
	g.cache.host.log(LevelWarn, message)
}
