// The conformance plugin in Go. Its service executes the scenario step that a request contains, and
// returns the result.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"

	"hostel-sdk"
)

func init() {
	hostel.Handle("conformance", "Runs one step of a scenario.", conformance)
}

func main() {}

type step struct {
	Op     string          `json:"op"`
	Key    string          `json:"key"`
	Value  any             `json:"value"`
	Expiry json.RawMessage `json:"expiry"`
	What   string          `json:"what"`
	Args   arguments       `json:"args"`
}

type answer map[string]any

// errSkip means that Go cannot express the step, or that the plugin does not know its operation.
var errSkip = errors.New("skip")

// A request without a step does nothing, so its duration is the cost of a call.
func conformance(ctx *hostel.Context, _ struct{}) (any, error) {
	step, err := stepOf(&ctx.Request)
	if step == nil || err != nil {
		return hostel.Empty(), err
	}
	switch step.Op {
	case "fail":
		return nil, failure(step.Value, step.What)
	case "fail-with-headers":
		return nil, failureWithHeaders(*step)
	case "respond":
		return responseOf(step.Args), nil
	case "respond-directly":
		return responseDirectly(step.Args), nil
	}
	value, err := done(ctx, *step)
	var refused *hostel.CacheError
	switch {
	case errors.As(err, &refused):
		return answer{"error": refused.Kind.String(), "message": refused.Message}, nil
	case errors.Is(err, errSkip):
		return answer{"skip": true}, nil
	case err != nil:
		return nil, err
	}
	return answer{"ok": value}, nil
}

// stepOf reads the step from the header x-step or, if there is no such header, from the body. It
// returns nil if there is no header and the body is empty.
func stepOf(request *hostel.Request) (step *step, err error) {
	if header := request.Header("x-step"); header != "" {
		err = json.Unmarshal([]byte(header), &step)
	} else {
		err = request.JSON(&step)
	}
	return step, err
}

func done(ctx *hostel.Context, step step) (any, error) {
	cache, key := ctx.Cache, step.Key
	switch step.Op {
	case "read":
		return readFrom(&ctx.Request, step.What, key)
	case "get":
		value, _, err := hostel.Get[any](cache, key)
		return value, err
	case "get-many":
		return nil, many(step.Value, func() error {
			_, _, err := hostel.Get[any](cache, key)
			return err
		})
	case "raw-many":
		return nil, many(step.Value, func() error {
			_, _, err := cache.GetRaw(key)
			return err
		})
	case "get-or-set-many":
		return nil, many(step.Value, func() error {
			_, err := hostel.GetOrSet(cache, key, time.Minute, noValue)
			return err
		})
	case "increment-many":
		return nil, many(step.Value, func() error {
			_, err := cache.Increment(key, 1)
			return err
		})
	case "batch-get-many":
		keys := slices.Repeat([]string{key}, 100)
		return nil, many(step.Value, func() error {
			_, err := hostel.GetMany[any](cache, keys...)
			return err
		})
	case "exists-many":
		return nil, many(step.Value, func() error {
			_, err := cache.Exists(key)
			return err
		})
	case "get-integer":
		integer, found, err := hostel.Get[int64](cache, key)
		return orNil(strconv.FormatInt(integer, 10), found), err
	case "get-unsigned":
		integer, found, err := hostel.Get[uint64](cache, key)
		return orNil(strconv.FormatUint(integer, 10), found), err
	case "set-unsigned":
		integer, _ := strconv.ParseUint(step.What, 10, 64)
		return nil, cache.Set(key, integer)
	case "get-bits":
		float, found, err := hostel.Get[float64](cache, key)
		return orNil(bitsOf(float), found), err
	case "set-bits":
		bits, _ := strconv.ParseUint(step.What, 16, 64)
		return nil, cache.Set(key, math.Float64frombits(bits))
	case "bits-loop":
		return loopThroughBits(cache, key, step.Value)
	case "raw":
		text, found, err := cache.GetRaw(key)
		return orNil(text, found), err
	case "set":
		return nil, set(cache, step)
	case "set-raw":
		return nil, setRaw(cache, step)
	case "set-special":
		return nil, special(cache, key, step.What)
	case "delete":
		return cache.Delete(key)
	case "exists":
		return cache.Exists(key)
	case "mutate":
		return mutate(cache, key)
	case "log":
		ctx.Log.Log(level(step.Value), step.What)
		return nil, nil
	case "random":
		return random(), nil
	}
	return change(cache, step)
}

func noValue() (any, error) {
	return nil, hostel.Internal("no value to compute")
}

func bitsOf(float float64) string {
	return fmt.Sprintf("%016x", math.Float64bits(float))
}

// loopThroughBits sets and gets floats with random bits, and random integral floats. It returns a
// description of the first float that changed, or nil.
func loopThroughBits(cache hostel.Cache, key string, rounds any) (any, error) {
	count, _ := rounds.(float64)
	state := uint64(1)
	for round := range int(count) {
		state = state*6364136223846793005 + 1442695040888963407
		whole := math.Trunc(math.Ldexp(float64(int64(state)), round%40-30))
		for _, float := range []float64{math.Float64frombits(state), whole} {
			if math.IsNaN(float) || math.IsInf(float, 0) {
				continue
			}
			if err := cache.Set(key, float); err != nil {
				return nil, err
			}
			read, _, err := hostel.Get[float64](cache, key)
			if err != nil {
				return nil, err
			}
			if bitsOf(read) != bitsOf(float) {
				return fmt.Sprintf("%v: %v", float, read), nil
			}
		}
	}
	return nil, nil
}

func orNil(text string, found bool) any {
	if !found {
		return nil
	}
	return text
}

// many makes the call count times, or until the first error.
func many(count any, call func() error) error {
	times, _ := count.(float64)
	for range int(times) {
		if err := call(); err != nil {
			return err
		}
	}
	return nil
}

func set(cache hostel.Cache, step step) error {
	if step.Expiry == nil {
		return cache.Set(step.Key, step.Value)
	}
	var seconds *float64
	// Skip the step: the Go compiler refuses a string or nil as a Duration.
	if err := json.Unmarshal(step.Expiry, &seconds); err != nil || seconds == nil {
		return errSkip
	}
	expiry := time.Duration(*seconds * float64(time.Second))
	return cache.SetWithExpiry(step.Key, step.Value, expiry)
}

func setRaw(cache hostel.Cache, step step) error {
	var seconds int64
	if step.Expiry == nil {
		return cache.SetRaw(step.Key, step.What)
	}
	if err := json.Unmarshal(step.Expiry, &seconds); err != nil {
		return err
	}
	return cache.SetRawWithExpiry(step.Key, step.What, time.Duration(seconds)*time.Second)
}

// special sets the value that the argument what names, for example a NaN. It returns errSkip if Go
// has no such value.
func special(cache hostel.Cache, key, what string) error {
	type node struct{ Next *node }
	cycle := &node{}
	cycle.Next = cycle
	power := new(big.Int).Lsh(big.NewInt(1), 70)
	values := map[string]any{
		"nan":            []float64{math.NaN()},
		"infinity":       math.Inf(1),
		"-infinity":      float32(math.Inf(-1)),
		"cycle":          cycle,
		"function":       map[string]any{"f": func() {}},
		"set":            map[string]struct{}{"a": {}},
		"date":           time.Now(),
		"bytes":          []byte("abc"),
		"bigint":         power,
		"tuple":          [...]any{1, "a"}, // The closest type.
		"integer-keys":   map[int]string{1: "a"},
		"lone-surrogate": "\xed\xa0\x80",
	}
	value, known := values[what]
	if !known {
		return errSkip
	}
	return cache.Set(key, value)
}

func mutate(cache hostel.Cache, key string) (any, error) {
	if err := cache.Set(key, map[string]any{"a": []int{1}}); err != nil {
		return nil, err
	}
	read, _, err := hostel.Get[map[string]any](cache, key)
	if err != nil {
		return nil, err
	}
	read["a"] = "changed"
	value, _, err := hostel.Get[any](cache, key)
	return value, err
}

func level(name any) hostel.Level {
	for _, level := range []hostel.Level{hostel.LevelDebug, hostel.LevelInfo, hostel.LevelWarn} {
		if level.String() == name {
			return level
		}
	}
	return hostel.LevelError
}

func failure(kind any, message string) *hostel.Failure {
	for candidate := hostel.FailureBadRequest; candidate <= hostel.FailureUnavailable; candidate++ {
		if candidate.String() == kind {
			return &hostel.Failure{Kind: candidate, Message: message}
		}
	}
	return hostel.Internal("%s", message)
}
