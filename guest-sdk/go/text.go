package hostel

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// flaw is why a text breaks a rule that the contract adds to those of encoding/json.
type flaw struct {
	offset int
	reason string
}

// flawOf finds the first flaw of a text: bytes that are not UTF-8, nesting that is too deep, an
// escaped surrogate without its pair, and a number that is not finite as a float64. All other rules
// of JSON are left to encoding/json, which accepts or changes these.
func flawOf(text []byte, levels int) *flaw {
	if !utf8.Valid(text) {
		return &flaw{len(text) - len(afterValid(text)), "not UTF-8"}
	}
	depth := 0
	for at := 0; at < len(text); {
		switch c := text[at]; {
		case c == '"':
			end, found := stringEnd(text, at)
			if found != nil {
				return found
			}
			at = end
			continue
		case c == '{' || c == '[':
			depth++
			if depth > levels {
				return &flaw{at, fmt.Sprintf("nested deeper than %d arrays and objects", levels)}
			}
		case c == '}' || c == ']':
			depth--
		case c == '-' || c-'0' <= 9:
			end := numberEnd(text, at)
			if !isFinite(text[at:end]) {
				return &flaw{at, "a number that is not finite as a binary64"}
			}
			at = end
			continue
		}
		at++
	}
	return nil
}

func (f *flaw) asError(text []byte) error {
	if f == nil {
		return nil
	}
	return fmt.Errorf("%s at %s", f.reason, position(text, f.offset))
}

func afterValid(text []byte) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			break
		}
		text = text[size:]
	}
	return text
}

// stringEnd is where the string that begins at an offset ends.
func stringEnd(text []byte, at int) (int, *flaw) {
	for at++; at < len(text); at++ {
		switch c := text[at]; {
		case c == '"':
			return at + 1, nil
		case c < ' ':
			return 0, &flaw{at, "a control character that is not escaped"}
		case c == '\\':
			unit := codeUnit(text, at)
			switch {
			case unit >= 0xD800 && unit < 0xDC00:
				if low := codeUnit(text, at+6); low < 0xDC00 || low > 0xDFFF {
					return 0, &flaw{at, "a high surrogate without a low one after it"}
				}
				at += 11
			case unit >= 0xDC00 && unit <= 0xDFFF:
				return 0, &flaw{at, "a low surrogate without a high one before it"}
			default:
				at++
			}
		}
	}
	return at, nil
}

// codeUnit is the UTF-16 code unit that an escape at an offset stands for, or -1.
func codeUnit(text []byte, at int) int64 {
	if at+6 > len(text) || text[at] != '\\' || text[at+1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(text[at+2:at+6]), 16, 16)
	if err != nil {
		return -1
	}
	return int64(unit)
}

func numberEnd(text []byte, at int) int {
	for at < len(text) && (text[at]-'0' <= 9 || bytes.IndexByte([]byte("+-.eE"), text[at]) >= 0) {
		at++
	}
	return at
}

// isFinite is also true for what is no number.
func isFinite(text []byte) bool {
	// Without an exponent, fewer digits than this are finite.
	if len(text) < 309 && !bytes.ContainsAny(text, "eE") {
		return true
	}
	number, err := strconv.ParseFloat(string(text), 64)
	return err == nil || !math.IsInf(number, 0)
}

func isNull(text []byte) bool {
	return len(text) >= 4 && (text[0] == 'n' || text[0] <= ' ') && string(bytes.TrimSpace(text)) == "null"
}
