package main

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"hostel-sdk"
)

// arguments are the arguments of a step. Each operation uses only some of them.
type arguments struct {
	Delta    int64    `json:"delta"`
	Expected *string  `json:"expected"`
	Wanted   *string  `json:"wanted"`
	Lifetime any      `json:"lifetime"`
	Expiry   *int64   `json:"expiry"`
	Early    *int64   `json:"early"`
	Fail     bool     `json:"fail"`
	Keys     []string `json:"keys"`
	Entries  [][2]any `json:"entries"`
	Prefix   string   `json:"prefix"`
	httpArguments
}

// change executes the atomic operations, and the operations on leases, batches and entries. For any
// other operation it returns errSkip.
func change(cache hostel.Cache, step step) (any, error) {
	key, args := step.Key, step.Args
	expiry, err := expiryOf(step)
	if err != nil {
		return nil, err
	}
	switch step.Op {
	case "set-if-absent":
		if expiry == hostel.Unlimited {
			return cache.SetIfAbsent(key, step.Value)
		}
		return cache.SetIfAbsentWithExpiry(key, step.Value, expiry)
	case "increment":
		if expiry == hostel.Unlimited {
			return cache.Increment(key, args.Delta)
		}
		return cache.IncrementWithExpiry(key, args.Delta, expiry)
	case "compare-and-swap":
		return swap(cache, key, args)
	case "update":
		return answered(hostel.Update(cache, key, func(list []any, _ bool) ([]any, error) {
			return append(list, step.Value), args.failure()
		}))
	case "take":
		value, _, err := hostel.Take[any](cache, key)
		return value, err
	case "take-raw":
		text, found, err := cache.TakeRaw(key)
		return orNil(text, found), err
	case "batch-get":
		return hostel.GetMany[any](cache, args.Keys...)
	case "batch-set":
		return nil, setAll(cache, args.Entries, expiry)
	case "batch-delete":
		return cache.DeleteMany(args.Keys...)
	case "ttl":
		return timeLeft(cache.TTL(key))
	case "expire":
		return cache.Expire(key, expiry)
	case "keys":
		return keys(cache, args.Prefix)
	case "delete-prefix":
		return cache.DeletePrefix(args.Prefix)
	case "get-or-set":
		return getOrSet(cache, step, expiry)
	}
	return nil, errSkip
}

func seconds(count int64) time.Duration {
	return time.Duration(count) * time.Second
}

// expiryOf returns the expiry of a step, or Unlimited if the step has no expiry.
func expiryOf(step step) (time.Duration, error) {
	count := step.Args.Expiry
	if step.Expiry != nil {
		if err := json.Unmarshal(step.Expiry, &count); err != nil {
			return 0, err
		}
	}
	if count == nil {
		return hostel.Unlimited, nil
	}
	return seconds(*count), nil
}

func swap(cache hostel.Cache, key string, args arguments) (any, error) {
	expiry := hostel.Keep
	switch lifetime := args.Lifetime.(type) {
	case float64:
		expiry = seconds(int64(lifetime))
	case string:
		if lifetime == "unlimited" {
			expiry = hostel.Unlimited
		}
	}
	swap, err := cache.CompareAndSwapRaw(key, args.Expected, args.Wanted, expiry)
	if err != nil {
		return nil, err
	}
	if swap.Swapped {
		return "swapped", nil
	}
	return map[string]any{"changed": swap.Current}, nil
}

// failure returns the error for the callback of Update or GetOrSet, or nil if the step requests no
// error.
func (a arguments) failure() error {
	if a.Fail {
		return hostel.Conflict("as the step requests")
	}
	return nil
}

// answered returns the result of a step that calls Update or GetOrSet. A [hostel.Failure], such as
// that of arguments.failure, is a result as well. Any other error is returned as it is.
func answered(value any, err error) (any, error) {
	var failure *hostel.Failure
	if errors.As(err, &failure) {
		return map[string]any{"failure": failure.Kind.String()}, nil
	}
	return value, err
}

// setAll sets a list of entries. If several entries have the same key, it sets the last one.
func setAll(cache hostel.Cache, entries [][2]any, expiry time.Duration) error {
	values := make(map[string]any)
	for _, entry := range entries {
		key, _ := entry[0].(string)
		values[key] = entry[1]
	}
	if expiry == hostel.Unlimited {
		return hostel.SetMany(cache, values)
	}
	return hostel.SetManyWithExpiry(cache, values, expiry)
}

func timeLeft(left time.Duration, found bool, err error) (any, error) {
	switch {
	case err != nil:
		return nil, err
	case !found:
		return "missing", nil
	case left == hostel.Unlimited:
		return "unlimited", nil
	}
	return left / time.Second, nil
}

func keys(cache hostel.Cache, prefix string) (any, error) {
	keys := []string{}
	for key, err := range cache.Keys(prefix) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys, nil
}

// getOrSet returns the value, and whether it was computed. The step contains the value to compute.
func getOrSet(cache hostel.Cache, step step, expiry time.Duration) (any, error) {
	var options []hostel.GetOrSetOption
	if early := step.Args.Early; early != nil {
		options = append(options, hostel.Early(seconds(*early)))
	}
	computed := false
	value, err := hostel.GetOrSet(cache, step.Key, expiry, func() (any, error) {
		computed = true
		return step.Value, step.Args.failure()
	}, options...)
	return answered(map[string]any{"value": value, "computed": computed}, err)
}
