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

// Writing floats so that they come back: encoding/json writes a whole float below 1e21 as the digits
// of an integer, of the wrong integer beyond 2^53, which no reader would take for a float.

var holdsFloat = question{ask: func(t reflect.Type) bool {
	return t.Kind() == reflect.Interface || t.Kind() == reflect.Float64 || t.Kind() == reflect.Float32
}}

// floatWriter reads what encoding/json made of a value, along that value, and notes where a float
// lacks its fraction.
type floatWriter struct {
	tokens *json.Decoder
	ends   []int
}

// markFloats is the text of a value, with a fraction of .0 after the floats that are too large to be
// told from an integer.
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

// value reads what one value became; an invalid one stands for one that is not looked into.
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

// isLargeFloat is true for a float that was written in digits alone and is beyond the integers that
// its type holds one by one.
func isLargeFloat(value reflect.Value, text string) bool {
	return value.CanFloat() && math.Abs(value.Float()) >= integersOf(value.Kind()) &&
		!strings.ContainsAny(text, ".eE")
}

// integersOf is up to where a kind of float holds every integer.
func integersOf(kind reflect.Kind) float64 {
	if kind == reflect.Float32 {
		return 1 << 24
	}
	return 1 << 53
}

// innerOf finds what is in a value: by its index in an array, by its name in an object.
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

// nameOfKey is the name that encoding/json gives to the member under a key of a map.
func nameOfKey(key reflect.Value) (string, error) {
	if key.Kind() == reflect.String {
		return key.String(), nil
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
