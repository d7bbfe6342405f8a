package hostel_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"hostel-sdk"
)

// floatComesBack stores a value, checks its JSON text unless expected is empty, and reads the value
// back as its own type.
func floatComesBack[T any](t *testing.T, value T, expected string) {
	t.Helper()
	cache := hostel.NewFake().Context().Cache
	if err := cache.Set("k", value); err != nil {
		t.Fatalf("%v is refused: %v", value, err)
	}
	text, _, _ := cache.GetRaw("k")
	if expected != "" && text != expected {
		t.Errorf("%#v is stored as %s; expected %s", value, text, expected)
	}
	if read, _, err := hostel.Get[T](cache, "k"); err != nil || !reflect.DeepEqual(read, value) {
		t.Errorf("%#v is stored as %s and read as %#v, %v", value, text, read, err)
	}
}

type celsius float64

type level string

// identity is a map key whose method does not accept nil.
type identity struct{ name string }

func (i *identity) MarshalText() ([]byte, error) {
	return []byte(i.name), nil
}

type reading struct {
	Small   float32           `json:"small"`
	Degrees celsius           `json:",omitempty"`
	Name    string            `json:"name"`
	Whole   int64             `json:"whole"`
	Any     any               `json:"any"`
	Levels  map[level]float64 `json:"levels"`
	Numbers map[int8]float32
	Quoted  float64 `json:",string"`
	point
	*Inner
}

type Inner struct {
	Deep []*float64
	Same json.Number
}

func TestLargeWholeFloatIsWrittenAsAFloatWhereverItIs(t *testing.T) {
	floatComesBack(t, float64(1<<53), "9007199254740992.0")
	floatComesBack(t, any(float64(1<<60)), "1152921504606847000.0")
	floatComesBack(t, 1e20, "100000000000000000000.0")
	floatComesBack(t, 1e21, "1e+21")
	floatComesBack(t, float32(1e9), "1000000000.0")
	floatComesBack(t, celsius(-1<<70), "-1.1805916207174113e+21")
	floatComesBack(t, math.Copysign(0, -1), "-0")
	floatComesBack(t, int64(1<<60), "1152921504606846976")
	floatComesBack(t, map[string]any{"wei": 1e18, "n": "1e18", "\"": []any{1e17, nil, 1.5}}, "")
	cache := hostel.NewFake().Context().Cache
	if err := cache.Set("k", map[*identity]any{nil: 1e18}); err != nil {
		t.Fatal(err)
	}
	if text, _, _ := cache.GetRaw("k"); text != `{"":1000000000000000000.0}` {
		t.Error(text)
	}
	large := 1e19
	floatComesBack(t, reading{
		Small: 123456789, Degrees: 1e17, Name: "1234567890123456789", Whole: 1 << 62, Any: []any{1e16},
		Levels: map[level]float64{"a \"": 1 << 60, "b": 2}, Numbers: map[int8]float32{-7: 1e10},
		Quoted: 1 << 61, point: point{X: 1 << 59}, Inner: &Inner{[]*float64{nil, &large}, "12345678901234567890"},
	}, "")
}

func TestFloatOfAnyBitsComesBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		bits := random.Uint64()
		value, small := math.Float64frombits(bits), math.Float32frombits(uint32(bits))
		if math.IsNaN(value) || math.IsInf(value, 0) || small != small || math.IsInf(float64(small), 0) {
			continue
		}
		whole := math.Trunc(math.Ldexp(float64(int64(bits)), int(bits%40)-30))
		floatComesBack(t, value, "")
		floatComesBack(t, small, "")
		floatComesBack(t, float32(whole), "")
		floatComesBack(t, []any{value, whole}, "")
		if t.Failed() {
			t.Fatal(fmt.Sprintf("%x", bits))
		}
	}
}
