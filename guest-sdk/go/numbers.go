package hostel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Reads JSON with encoding/json, but fails on an integer that encoding/json would round.

const (
	// A float64 represents every integer with fewer digits than digitsBeyondFloat64 exactly. The same
	// applies to a float32 and digitsBeyondFloat32.
	digitsBeyondFloat64 = len("9007199254740992")
	digitsBeyondFloat32 = len("16777216")
)

var holdsFloat32 = question{ask: func(t reflect.Type) bool { return t.Kind() == reflect.Float32 }}

// fromJSON reads a text into the variable that target points to. It copies strings, so the caller
// may reuse the text's memory.
func fromJSON(text []byte, target any) error {
	if err := json.Unmarshal(text, target); err != nil {
		return readable(err, text)
	}
	t := reflect.TypeOf(target).Elem()
	digits := longestDigits(text)
	if digits < digitsBeyondFloat32 || digits < digitsBeyondFloat64 && !holdsFloat32.isTrueWithin(t) {
		return nil
	}
	reader := exactReader{text: text, tokens: json.NewDecoder(bytes.NewReader(text))}
	reader.tokens.UseNumber()
	return reader.value(t)
}

// position returns the line and the column, both from 1, of the byte at an offset.
func position(text []byte, offset int) string {
	before := text[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := offset - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("line %d column %d", line, column)
}

// longestDigits returns the length of the longest run of digits anywhere in a text.
func longestDigits(text []byte) int {
	longest, run := 0, 0
	for _, c := range text {
		if c-'0' > 9 {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// exactReader parses a text a second time, alongside the type that it was read into, and checks the
// integers that were read into floats.
type exactReader struct {
	text   []byte
	tokens *json.Decoder
}

// value checks one value that was read into a variable of type t. A nil t means that encoding/json
// ignored the value or passed it to an unmarshal method.
func (r *exactReader) value(t reflect.Type) error {
	token, err := r.tokens.Token()
	if err != nil {
		return err
	}
	t = destination(t)
	switch token := token.(type) {
	case json.Number:
		return r.number(token.String(), t)
	case json.Delim:
		for at := 0; r.tokens.More(); at++ {
			inner, err := r.inner(token, t, at)
			if err != nil {
				return err
			}
			if err := r.value(inner); err != nil {
				return err
			}
		}
		_, err := r.tokens.Token()
		return err
	}
	return nil
}

// inner returns the type of item number at, counted from 0, of an array or object that was read
// into a variable of type t. It returns nil for an item beyond the length of an array, for a member
// without a field, and if t is nil.
func (r *exactReader) inner(container json.Delim, t reflect.Type, at int) (reflect.Type, error) {
	name := ""
	if container == '{' {
		token, err := r.tokens.Token()
		if err != nil {
			return nil, err
		}
		name, _ = token.(string)
	}
	if t == nil {
		return nil, nil
	}
	switch t.Kind() {
	case reflect.Interface:
		return t, nil
	case reflect.Map, reflect.Slice:
		return t.Elem(), nil
	case reflect.Array:
		if at < t.Len() {
			return t.Elem(), nil
		}
	case reflect.Struct:
		fields := fieldsOf(t)
		if field, found := fields.written[name]; found {
			return field.kind, nil
		}
		return fields.read[strings.ToLower(name)].kind, nil
	}
	return nil, nil
}

func (r *exactReader) number(text string, t reflect.Type) error {
	if t == nil || isExact(text, t.Kind()) {
		return nil
	}
	return fmt.Errorf("the integer %s does not fit without rounding, at %s",
		shortenedNumber(text), position(r.text, int(r.tokens.InputOffset())-1))
}

// isExact returns false for an integer that a variable of that kind would round. An interface
// variable contains a float64.
func isExact(number string, kind reflect.Kind) bool {
	bits, most := 64, digitsBeyondFloat64
	switch kind {
	case reflect.Float32:
		bits, most = 32, digitsBeyondFloat32
	case reflect.Float64, reflect.Interface:
	default:
		return true
	}
	if len(number) < most || strings.ContainsAny(number, ".eE") {
		return true
	}
	float, err := strconv.ParseFloat(number, bits)
	return err == nil && strconv.FormatFloat(float, 'f', 0, bits) == number
}
