package hostel

import (
	"bytes"
	"encoding"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// Writes floats so that they can be read back as floats. encoding/json writes an integral float
// below 1e21 with digits only, so a reader takes it for an integer. Beyond 2^53 that integer may
// differ from the float.

var holdsFloat = question{ask: func(t reflect.Type) bool {
	return t.Kind() == reflect.Interface || t.Kind() == reflect.Float64 || t.Kind() == reflect.Float32
}}

// floatWriter parses the output of encoding/json alongside the value, and records the offsets at
// which a fraction must be appended to a float.
type floatWriter struct {
	tokens *json.Decoder
	ends   []int
}

// markFloats returns the JSON text of a value. It appends .0 to each float for which isLargeFloat
// returns true.
func markFloats(text []byte, value reflect.Value) ([]byte, error) {
	if !value.IsValid() || longestDigits(text) < digitsBeyondFloat32 || !holdsFloat.isTrueWithin(value.Type()) {
		return text, nil
	}
	writer := floatWriter{tokens: json.NewDecoder(bytes.NewReader(text))}
	writer.tokens.UseNumber()
	if err := writer.value(value); err != nil || len(writer.ends) == 0 {
		return text, err
	}
	marked := make([]byte, 0, len(text)+2*len(writer.ends))
	start := 0
	for _, end := range writer.ends {
		marked = append(append(marked, text[start:end]...), ".0"...)
		start = end
	}
	return append(marked, text[start:]...), nil
}

// value processes the JSON of one value. With a zero reflect.Value it skips that JSON.
func (w *floatWriter) value(value reflect.Value) error {
	for value.Kind() == reflect.Pointer || value.Kind() == reflect.Interface {
		value = value.Elem()
	}
	if value.IsValid() && marshals(value.Type()) {
		value = reflect.Value{}
	}
	token, err := w.tokens.Token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case json.Number:
		if isLargeFloat(value, token.String()) {
			w.ends = append(w.ends, int(w.tokens.InputOffset()))
		}
	case json.Delim:
		inner := innerOf(token, value)
		for index := 0; w.tokens.More(); index++ {
			name := ""
			if token == '{' {
				token, err := w.tokens.Token()
				if err != nil {
					return err
				}
				name, _ = token.(string)
			}
			if err := w.value(inner(index, name)); err != nil {
				return err
			}
		}
		_, err := w.tokens.Token()
		return err
	}
	return nil
}

// isLargeFloat returns true if a float is written without a fraction or an exponent and its absolute
// value is at least the limit of integersOf.
func isLargeFloat(value reflect.Value, text string) bool {
	return value.CanFloat() && math.Abs(value.Float()) >= integersOf(value.Kind()) &&
		!strings.ContainsAny(text, ".eE")
}

// integersOf returns the limit up to which a kind of float represents every integer.
func integersOf(kind reflect.Kind) float64 {
	if kind == reflect.Float32 {
		return 1 << 24
	}
	return 1 << 53
}

// innerOf returns a function that finds an item of a value: by index in an array, by JSON name in
// an object. The function returns a zero reflect.Value if it finds no item.
func innerOf(container json.Delim, value reflect.Value) func(index int, name string) reflect.Value {
	switch kind := value.Kind(); {
	case container == '[' && (kind == reflect.Slice || kind == reflect.Array):
		return func(index int, _ string) reflect.Value { return value.Index(index) }
	case container == '{' && kind == reflect.Map:
		items := make(map[string]reflect.Value, value.Len())
		for key, item := range value.Seq2() {
			if name, err := nameOfKey(key); err == nil {
				items[name] = item
			}
		}
		return func(_ int, name string) reflect.Value { return items[name] }
	case container == '{' && kind == reflect.Struct:
		fields := fieldsOf(value.Type()).written
		return func(_ int, name string) reflect.Value {
			field, found := fields[name]
			if !found {
				return reflect.Value{}
			}
			item, err := value.FieldByIndexErr(field.index)
			if err != nil {
				return reflect.Value{}
			}
			return item
		}
	}
	return func(int, string) reflect.Value { return reflect.Value{} }
}

// nameOfKey returns the JSON member name for a key of a map.
func nameOfKey(key reflect.Value) (string, error) {
	if key.Kind() == reflect.String {
		return key.String(), nil
	}
	if key.Kind() == reflect.Pointer && key.IsNil() {
		return "", nil
	}
	if key.CanInterface() {
		if own, marshals := key.Interface().(encoding.TextMarshaler); marshals {
			text, err := own.MarshalText()
			return string(text), err
		}
	}
	if key.CanInt() {
		return strconv.FormatInt(key.Int(), 10), nil
	}
	return strconv.FormatUint(key.Uint(), 10), nil
}
