package hostel

import (
	"bytes"
	"slices"
	"strconv"
)

// A fast path for a single string, number or boolean: encoding/json would cost far more than the
// cache call itself. It handles only plain values; encoding/json handles all other values and all
// errors.

// A float64 represents every integer of up to 15 characters exactly.
const plainDigits = 15

// readPlain reads a text that is known to be valid JSON. It returns false if the text or the target
// is not plain.
func readPlain(text []byte, target any) bool {
	switch target := target.(type) {
	case *string:
		inner, plain := plainString(text)
		if plain {
			*target = string(inner)
		}
		return plain
	case *bool:
		yes := string(text) == "true"
		if yes || string(text) == "false" {
			*target = yes
			return true
		}
	case *int:
		whole, err := strconv.Atoi(string(text))
		if err == nil {
			*target = whole
		}
		return err == nil
	case *int64:
		whole, err := strconv.ParseInt(string(text), 10, 64)
		if err == nil {
			*target = whole
		}
		return err == nil
	case *float64:
		if len(text) > plainDigits {
			return false
		}
		number, err := strconv.ParseFloat(string(text), 64)
		if err == nil {
			*target = number
		}
		return err == nil
	}
	return false
}

// plainString returns the bytes between the quotes of a JSON string. It returns false for a string
// with escapes and for any other text.
func plainString(text []byte) ([]byte, bool) {
	last := len(text) - 1
	if last < 1 || text[0] != '"' || text[last] != '"' || bytes.IndexByte(text, '\\') >= 0 {
		return nil, false
	}
	return text[1:last], true
}

// appendPlain appends the JSON of a value. It returns false if the value is not plain.
func appendPlain(text []byte, value any) ([]byte, bool) {
	switch value := value.(type) {
	case string:
		for i := range len(value) {
			if c := value[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
				return text, false
			}
		}
		text = append(slices.Grow(text, len(value)+2), '"')
		text = append(text, value...)
		return append(text, '"'), true
	case bool:
		return strconv.AppendBool(text, value), true
	case int:
		return strconv.AppendInt(text, int64(value), 10), true
	case int64:
		return strconv.AppendInt(text, value, 10), true
	}
	return text, false
}
