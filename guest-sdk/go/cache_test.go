package hostel_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"hostel-sdk"
)

type point struct {
	X float64 `json:"x"`
}

func refusedAs(t *testing.T, err error, kind hostel.CacheErrorKind, message string) {
	t.Helper()
	var refused *hostel.CacheError
	if !errors.As(err, &refused) || refused.Kind != kind || !strings.Contains(refused.Message, message) {
		t.Errorf("got %v; expected %v with %q", err, kind, message)
	}
}

// comesBack checks that a value is stored as this text and read back as an equal value.
func comesBack[T any](t *testing.T, value T, text string) {
	t.Helper()
	cache := hostel.NewFake().Context().Cache
	if err := cache.Set("k", value); err != nil {
		t.Fatalf("%v: %v", value, err)
	}
	if raw, _, err := cache.GetRaw("k"); raw != text || err != nil {
		t.Errorf("stored %q, %v; expected %q", raw, err, text)
	}
	read, found, err := hostel.Get[T](cache, "k")
	if !reflect.DeepEqual(read, value) || !found || err != nil {
		t.Errorf("read %v, %v, %v; expected %v", read, found, err, value)
	}
}

func TestValueComesBackEqualAndWithItsType(t *testing.T) {
	comesBack(t, "a\x00é😀<>&\"\\", `"a\u0000é😀<>&\"\\"`)
	comesBack(t, "\u2028", `"\u2028"`)
	comesBack(t, 7, "7")
	comesBack(t, int64(math.MinInt64), "-9223372036854775808")
	comesBack(t, uint64(math.MaxUint64), "18446744073709551615")
	third := 0.1
	comesBack(t, third+0.2, "0.30000000000000004")
	comesBack(t, []float64{5e-324, 1e308, 1e21}, "[5e-324,1e+308,1e+21]")
	comesBack(t, float32(0.1), "0.1")
	comesBack(t, true, "true")
	comesBack(t, new(big.Int).Lsh(big.NewInt(1), 70), "1180591620717411303424")
	comesBack(t, map[int]string{1: "a"}, `{"1":"a"}`)
	comesBack(t, []*int{nil}, "[null]")
	comesBack(t, map[string]any{"b": []any{1.5, "s", false, nil}, "a": map[string]any{}}, `{"a":{},"b":[1.5,"s",false,null]}`)
	comesBack(t, point{1.5}, `{"x":1.5}`)
	comesBack(t, json.RawMessage(`{"a":1.0}`), `{"a":1.0}`)
	comesBack(t, [2]string{"a", "\ufffd"}, "[\"a\",\"\ufffd\"]")
}

func TestZeroKeepsItsSign(t *testing.T) {
	cache := hostel.NewFake().Context().Cache
	if err := cache.Set("k", math.Copysign(0, -1)); err != nil {
		t.Fatal(err)
	}
	read, _, err := hostel.Get[float64](cache, "k")
	if !math.Signbit(read) || err != nil {
		t.Errorf("read %v, %v", read, err)
	}
}

func TestMissingKeyAndStoredNullAreNotFoundAndExistsDistinguishesThem(t *testing.T) {
	cache := hostel.NewFake().Context().Cache
	for _, stored := range []bool{false, true} {
		if stored {
			if err := cache.Set("k", nil); err != nil {
				t.Fatal(err)
			}
		}
		value := "untouched"
		found, err := cache.Get("k", &value)
		if found || err != nil || value != "untouched" {
			t.Errorf("stored %v: got %q, %v, %v", stored, value, found, err)
		}
		there, _ := cache.Exists("k")
		raw, found, err := cache.GetRaw("k")
		if there != stored || found != stored || (raw == "null") != stored || err != nil {
			t.Errorf("stored %v: exists %v, raw %q, %v, %v", stored, there, raw, found, err)
		}
	}
}

func TestSecondDeleteFindsNothing(t *testing.T) {
	cache := hostel.NewFake().Context().Cache
	if err := cache.Set("k", 1); err != nil {
		t.Fatal(err)
	}
	for _, expected := range []bool{true, false} {
		if deleted, err := cache.Delete("k"); deleted != expected || err != nil {
			t.Errorf("deleted %v, %v; expected %v", deleted, err, expected)
		}
	}
}

func TestEntryExpiresAndTheLastSetDeterminesTheExpiry(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	for _, key := range []string{"short", "cleared"} {
		if err := cache.SetWithExpiry(key, 1, time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if err := cache.Set("cleared", 2); err != nil {
		t.Fatal(err)
	}
	fake.Advance(time.Second - 1)
	if there, _ := cache.Exists("short"); !there {
		t.Error("gone before its deadline")
	}
	fake.Advance(1)
	short, _ := cache.Exists("short")
	cleared, _ := cache.Exists("cleared")
	if short || !cleared {
		t.Errorf("at the deadline: short %v, cleared %v", short, cleared)
	}
	if _, found, err := hostel.Get[int](cache, "short"); found || err != nil {
		t.Errorf("read %v, %v", found, err)
	}
}

func TestExpiryIsWholeSecondsUpToTenYears(t *testing.T) {
	const tenYears = 315_360_000 * time.Second
	for expiry, accepted := range map[time.Duration]bool{
		0: false, 1: false, -time.Second: false, 60: false, 1500 * time.Millisecond: false,
		time.Second: true, tenYears: true, tenYears + 1: false, tenYears + time.Second: false,
		(1<<32 + 60) * time.Second: false, math.MaxInt64: false, math.MinInt64: false,
	} {
		fake := hostel.NewFake()
		err := fake.Context().Cache.SetWithExpiry("k", 1, expiry)
		if accepted != (err == nil) || accepted != (fake.Stats().Sets == 1) {
			t.Errorf("%v: %v", expiry, err)
		}
		if !accepted {
			refusedAs(t, err, hostel.CacheInvalidExpiry, "whole seconds, 1 to 315360000")
		}
	}
}

func TestValueWithoutAJSONFormIsRefusedAndTheOldOneStays(t *testing.T) {
	type node struct{ Next *node }
	cycle := &node{}
	cycle.Next = cycle
	deep := map[string]any{}
	deep["self"] = deep
	type stamped struct {
		At *time.Time `json:"at"`
	}
	now := time.Now()
	for _, refused := range []struct {
		value   any
		message string
	}{
		{math.NaN(), "NaN"},
		{[]any{1, float32(math.Inf(1))}, "+Inf"},
		{map[string]float64{"a": math.Inf(-1)}, "-Inf"},
		{func() {}, "func()"},
		{make(chan int), "chan int"},
		{struct{ C complex128 }{}, "complex128"},
		{cycle, "cycle"},
		{deep, "cycle"},
		{map[point]int{{1}: 1}, "map[hostel_test.point]int"},
		{now, "RFC3339"},
		{&now, "RFC3339"},
		{map[string]any{"a": []any{now}}, "a: [0]: a time.Time"},
		{stamped{&now}, "at: a time.Time"},
		{[]byte("a"), "base64"},
		{struct{ B []any }{[]any{[]byte("a")}}, "B: [0]: a []byte"},
		{map[string]big.Int{"a": {}}, "store &value"},
		{map[string]struct{}{"a": {}}, "slices.Sorted(maps.Keys(value))"},
		{"a\xff", `"a\xff" is not UTF-8`},
		{[]string{"\\ufffd", "\xed\xa0\x80"}, `[1]: the string`},
		{map[string]int{"\xff": 1}, "not UTF-8"},
		{json.RawMessage("\"\xff\""), "not UTF-8"},
		{json.RawMessage("{"), "unexpected end"},
	} {
		fake := hostel.NewFake()
		cache := fake.Context().Cache
		if err := cache.Set("k", "old"); err != nil {
			t.Fatal(err)
		}
		refusedAs(t, cache.Set("k", refused.value), hostel.CacheInvalidValue, refused.message)
		old, _, err := hostel.Get[string](cache, "k")
		if old != "old" || err != nil || fake.Stats().Sets != 1 {
			t.Errorf("%T: the old value is %q, %v", refused.value, old, err)
		}
	}
}

type stamp struct{ time.Time }

func TestValidValuesAreStored(t *testing.T) {
	moment := time.Unix(0, 0).UTC()
	for _, fine := range []struct {
		value any
		text  string
	}{
		{stamp{moment}, `"1970-01-01T00:00:00Z"`}, // The embedded MarshalJSON defines the JSON.
		{[]byte(nil), "null"},
		{(*time.Time)(nil), "null"},
		{struct {
			Skipped time.Time `json:"-"`
			hidden  []byte
		}{moment, nil}, "{}"},
		{json.RawMessage(`"\ufffd"`), `"\ufffd"`},
		{`\ufffd`, `"\\ufffd"`},
		{[2]byte{1, 2}, "[1,2]"},
		{map[string]int(nil), "null"},
	} {
		cache := hostel.NewFake().Context().Cache
		if err := cache.Set("k", fine.value); err != nil {
			t.Errorf("%T: %v", fine.value, err)
		}
		if text, _, _ := cache.GetRaw("k"); text != fine.text {
			t.Errorf("%T: stored %s; expected %s", fine.value, text, fine.text)
		}
	}
}

func TestRefusalOfTheHostKeepsItsKindAndMessage(t *testing.T) {
	cache := hostel.NewFake().Context().Cache
	long := strings.Repeat("k", 1025)
	for _, key := range []string{"", long, "\xff"} {
		_, get := cache.Get(key, new(int))
		_, _, raw := cache.GetRaw(key)
		_, exists := cache.Exists(key)
		_, deleted := cache.Delete(key)
		for _, err := range []error{get, raw, exists, deleted, cache.Set(key, 1)} {
			refusedAs(t, err, hostel.CacheInvalidKey, "a key must be ")
		}
	}
	refusedAs(t, cache.Set("k", strings.Repeat("v", 1<<20)), hostel.CacheTooLarge, "1048576")
	nested := func(levels int) json.RawMessage {
		return json.RawMessage(strings.Repeat("[", levels) + strings.Repeat("]", levels))
	}
	if err := errors.Join(cache.Set(long[:1024], 1), cache.Set("k", nested(100))); err != nil {
		t.Error(err)
	}
	for text, message := range map[string]string{
		string(nested(101)): "byte 100: nested deeper than 100", `["\ud800"]`: "byte 2: a high surrogate",
		`"\udc00"`: "byte 1: a low surrogate", "[1,-1e400]": "byte 3: a number that is not finite",
	} {
		refusedAs(t, cache.Set("k", json.RawMessage(text)), hostel.CacheInvalidValue, message)
	}
}

func TestValueOfAnotherTypeIsAnErrorThatNamesKeyAndType(t *testing.T) {
	cache := hostel.NewFake().Context().Cache
	key := strings.Repeat("k", 65)
	if err := cache.Set(key, point{1}); err != nil {
		t.Fatal(err)
	}
	_, _, err := hostel.Get[[]point](cache, key)
	message := fmt.Sprintf("the value under %q.. cannot be read as []hostel_test.point", key[:64])
	refusedAs(t, err, hostel.CacheInvalidValue, message)
}

func TestChangingAValueThatWasReadDoesNotChangeTheEntry(t *testing.T) {
	cache := hostel.NewFake().Context().Cache
	if err := cache.Set("k", map[string][]int{"a": {1}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		read, _, err := hostel.Get[map[string][]int](cache, "k")
		if len(read) != 1 || read["a"][0] != 1 || err != nil {
			t.Errorf("read %v, %v", read, err)
		}
		read["a"][0], read["b"] = 2, nil
	}
}
