package hostel_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"hostel-sdk"
)

// The fast path must read and write plain values exactly as encoding/json does.

type named string

func readsAsUsual[T any](t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		var usual T
		refused := json.Unmarshal([]byte(text), &usual)
		value, err := readAs[T](text)
		if (err != nil) != (refused != nil) || err == nil && !reflect.DeepEqual(value, usual) {
			t.Errorf("%s is read as %#v, %v; expected %#v, %v", text, value, err, usual, refused)
		}
	}
}

func TestScalarReadsAsEncodingJSONReadsIt(t *testing.T) {
	texts := []string{
		`""`, `"a b"`, ` "a"`, "\"a\"\n", `"é😀"`, `"\u00e9"`, `"\""`, `"\\"`, `"true"`, `"7"`, "true", "false",
		" true ", "0", "-0", "12", " 12", "-7", "1.0", "1e3", "-0.5", "0.1", "1E+2", "123456789012345",
		"1234567890.12345", "5e-324", "1e308", "[]", "{}", `["a"]`,
	}
	readsAsUsual[string](t, texts...)
	readsAsUsual[named](t, texts...)
	readsAsUsual[bool](t, texts...)
	readsAsUsual[float64](t, texts...)
	texts = append(texts, "9223372036854775807", "9223372036854775808", "-9223372036854775808", odd)
	readsAsUsual[int](t, texts...)
	readsAsUsual[int64](t, texts...)
	readsAsUsual[uint8](t, texts...)
}

func TestScalarIsWrittenAsEncodingJSONWritesIt(t *testing.T) {
	cache := hostel.NewFake().Context().Cache
	for _, value := range []any{
		"", "plain", `"`, `\`, "\n\x00\x1f", "\x7f", "é😀\u2028", "~ <&>", strings.Repeat("x", 100), named("a"),
		true, false, 0, -1, math.MinInt64, int64(math.MaxInt64), uint8(7), 0.5,
	} {
		var usual strings.Builder
		encoder := json.NewEncoder(&usual)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(value); err != nil {
			t.Fatal(err)
		}
		if err := cache.Set("k", value); err != nil {
			t.Fatal(err)
		}
		text, _, err := cache.GetRaw("k")
		if text+"\n" != usual.String() || err != nil {
			t.Errorf("%#v is stored as %s, %v; expected %s", value, text, err, usual.String())
		}
	}
}

func TestStringThatIsNotUTF8IsRefusedAloneAndInAList(t *testing.T) {
	cache := hostel.NewFake().Context().Cache
	for _, value := range []any{"a\xff", []any{"a\xff"}} {
		refusedAs(t, cache.Set("k", value), hostel.CacheInvalidValue, "not UTF-8")
	}
}
