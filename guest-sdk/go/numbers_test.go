package hostel_test

import (
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"hostel-sdk"
)

const (
	odd  = "9007199254740993"       // 2^53 + 1
	huge = "1180591620717411303425" // 2^70 + 1
)

func readAs[T any](text string) (T, error) {
	cache := hostel.NewFake().Context().Cache
	if err := cache.Set("k", json.RawMessage(text)); err != nil {
		panic(err)
	}
	value, _, err := hostel.Get[T](cache, "k")
	return value, err
}

func reads[T any](t *testing.T, text string, expected T) {
	t.Helper()
	value, err := readAs[T](text)
	if !reflect.DeepEqual(value, expected) || err != nil {
		t.Errorf("%s is read as %v, %v; expected %v", text, value, err, expected)
	}
}

func refusesToRound[T any](t *testing.T, text, integer string) {
	t.Helper()
	_, err := readAs[T](text)
	refusedAs(t, err, hostel.CacheInvalidValue, "the integer "+integer)
	refusedAs(t, err, hostel.CacheInvalidValue, "without rounding, at line 1 column")
	refusedAs(t, err, hostel.CacheInvalidValue, "GetRaw")
}

func TestIntegerIsReadIntoTypesThatHoldIt(t *testing.T) {
	reads(t, odd, int64(9_007_199_254_740_993))
	reads(t, "-9223372036854775808", int64(math.MinInt64))
	reads(t, "18446744073709551615", uint64(math.MaxUint64))
	reads(t, huge, json.Number(huge))
	reads(t, huge, json.RawMessage(huge))
	power, _ := new(big.Int).SetString(huge, 10)
	reads(t, huge, power)
	reads(t, "["+odd+"]", [1]int64{9_007_199_254_740_993})
	for _, text := range []string{"9223372036854775808", "1.5", `"7"`} {
		_, err := readAs[int64](text)
		refusedAs(t, err, hostel.CacheInvalidValue, "cannot be read as int64")
	}
}

func TestIntegerIsReadIntoAFloatUpToTheLastExactOne(t *testing.T) {
	reads(t, "9007199254740992", float64(1<<53))
	reads(t, "-9007199254740992", any(float64(-1<<53)))
	reads(t, "16777216", float32(1<<24))
	refusesToRound[float32](t, "16777217", "16777217")
	reads(t, "16777217", float64(1<<24+1))
	reads(t, "1180591620717411303424", any(float64(1<<70)))
	reads(t, "1073741824", float32(1<<30))
	for _, integer := range []string{odd, "-" + odd, "18446744073709551615", huge} {
		refusesToRound[float64](t, integer, integer)
		refusesToRound[any](t, integer, integer)
	}
	refusesToRound[float64](t, strings.Repeat("7", 300), strings.Repeat("7", 40)+"..")
}

func TestNumberWrittenAsAFloatIsReadAsAFloat(t *testing.T) {
	for text, expected := range map[string]float64{
		odd + ".0": 1 << 53, "1e300": 1e300, "1180591620717411303424e0": 1 << 70, "-2E+40": -2e40,
	} {
		reads(t, text, expected)
	}
}

type chain struct {
	Next *chain
	Last float32
}

func TestRoundingIsFoundInARecursiveType(t *testing.T) {
	refusesToRound[chain](t, `{"Next":{"Last":16777217}}`, "16777217")
	reads(t, `{"Next":{"Last":16777216}}`, chain{Next: &chain{Last: 1 << 24}})
}

type inner struct{ Y float64 }

type embedding struct {
	inner
	*Named
	X      float64 `json:"x"`
	Raw    json.RawMessage
	Number json.Number
	Whole  int64
	Any    any
	Secret float64 `json:"-"`
}

type Named struct {
	X int64 `json:"x"` // The field X of embedding takes precedence.
	Z []float32
}

func TestRoundingIsFoundAtAnyDepth(t *testing.T) {
	refusesToRound[*float64](t, odd, odd)
	refusesToRound[[]*float64](t, "[1,null,"+odd+"]", odd)
	refusesToRound[[2]float64](t, "[1,"+odd+"]", odd)
	refusesToRound[map[string]point](t, `{"a":{"X":`+odd+`}}`, odd)
	refusesToRound[map[string]any](t, `{"a":["\"",`+huge+`]}`, huge)
	for _, field := range []string{"Y", "y", "x", "X", "Any"} {
		refusesToRound[embedding](t, `{"`+field+`":`+odd+`}`, odd)
	}
	refusesToRound[embedding](t, `{"Any":{"a":[`+odd+`]}}`, odd)
	refusesToRound[embedding](t, `{"Z":[16777217]}`, "16777217")
}

func TestNumbersThatAreNotReadDoNotMatter(t *testing.T) {
	text := `{"y":1e21,"Secret":` + odd + `,"more":[` + huge + `,{"z":` + odd + `}],"\\":"` + huge + `",` +
		`"Raw":` + odd + `,"Number":` + odd + `,"Whole":` + odd + `}`
	reads(t, text, embedding{
		inner: inner{1e21}, Raw: json.RawMessage(odd), Number: odd, Whole: 9_007_199_254_740_993,
	})
	reads(t, `"`+huge+`"`, any(huge))
	reads(t, "[1,"+odd+","+odd+"]", [1]float64{1})
}

// The names of these fields differ only in case.
type similar struct {
	First int64   `json:"ab"`
	Exact float64 `json:"AB"`
	Last  float64 `json:"aB"`
}

func TestExactNameTakesPrecedenceThenTheFirstField(t *testing.T) {
	reads(t, `{"ab":`+odd+`,"Ab":`+odd+`}`, similar{First: 9_007_199_254_740_993})
	refusesToRound[similar](t, `{"AB":`+odd+`}`, odd)
}
