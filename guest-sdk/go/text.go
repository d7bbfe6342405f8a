package hostel

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// Validates a JSON text and reports the offset and reason of the first error. Apart from the check
// for UTF-8 and the maximum depth of a body, the rules and messages are the same as in the host.
// The host refuses more texts than encoding/json does.

// flaw is the first error in a text.
type flaw struct {
	offset int
	reason string
}

// grammar is the state of the validation, which is not recursive: a deep text cannot overflow the
// stack.
type grammar struct {
	text   []byte
	at     int
	levels int
	// The opening characters of the arrays and objects that are still open.
	open []byte
}

// flawOf returns the first error in a text, or nil if the text is valid JSON. It reports invalid
// UTF-8 before any other error. The maximum nesting depth is levels.
func flawOf(text []byte, levels int) *flaw {
	if !utf8.Valid(text) {
		return &flaw{len(text) - len(afterValid(text)), "not UTF-8"}
	}
	g := grammar{text: text, levels: levels}
	for {
		more, reason := g.beginValue()
		if reason == "" && !more {
			more, reason = g.endValue()
		}
		if reason != "" {
			return &flaw{g.at, reason}
		}
		if !more {
			return nil
		}
	}
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

// peek returns the next byte, or 0 at the end. A byte 0 in a JSON text is always an error.
func (g *grammar) peek() byte {
	if g.at < len(g.text) {
		return g.text[g.at]
	}
	return 0
}

func (g *grammar) afterSpace() byte {
	for c := g.peek(); c == ' ' || c == '\n' || c == '\r' || c == '\t'; c = g.peek() {
		g.at++
	}
	return g.peek()
}

// beginValue reads a scalar, or opens an array or object. The result more is true if a value must
// follow immediately.
func (g *grammar) beginValue() (more bool, reason string) {
	switch c := g.afterSpace(); {
	case c == '"':
		return false, g.string()
	case c == '-' || c-'0' <= 9:
		return false, g.number()
	case c == '[' || c == '{':
		return g.openContainer(c)
	}
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(g.text[g.at:], []byte(word)) {
			g.at += len(word)
			return false, ""
		}
	}
	return false, "expected a value"
}

// endValue closes the arrays and objects that end after a value. The result more is true if another
// value follows.
func (g *grammar) endValue() (more bool, reason string) {
	for len(g.open) > 0 {
		innermost, c := g.open[len(g.open)-1], g.afterSpace()
		switch {
		case c == ',':
			g.at++
			if innermost == '{' {
				return true, g.memberName()
			}
			return true, ""
		case c != innermost+2: // In ASCII, the closing bracket is two above the opening one.
			return false, "expected a comma or " + string(innermost+2)
		}
		g.at++
		g.open = g.open[:len(g.open)-1]
	}
	g.afterSpace()
	if g.at < len(g.text) {
		return false, "expected nothing after the value"
	}
	return false, ""
}

func (g *grammar) openContainer(c byte) (more bool, reason string) {
	if len(g.open) == g.levels {
		return false, fmt.Sprintf("nested deeper than %d arrays and objects", g.levels)
	}
	g.open = append(g.open, c)
	g.at++
	if g.afterSpace() == c+2 {
		return false, ""
	}
	if c == '{' {
		return true, g.memberName()
	}
	return true, ""
}

func (g *grammar) memberName() (reason string) {
	if g.afterSpace() != '"' {
		return "expected a member's name in double quotes"
	}
	if reason := g.string(); reason != "" {
		return reason
	}
	if g.afterSpace() != ':' {
		return "expected a colon"
	}
	g.at++
	return ""
}

func (g *grammar) number() (reason string) {
	const noDigit = "expected a digit"
	start := g.at
	if g.peek() == '-' {
		g.at++
	}
	zero := g.peek() == '0'
	switch digits := g.digits(); {
	case digits == 0:
		return noDigit
	case zero && digits > 1:
		g.at = start
		return "a number with a leading zero"
	}
	if g.peek() == '.' {
		g.at++
		if g.digits() == 0 {
			return noDigit
		}
	}
	if g.peek()|0x20 == 'e' {
		g.at++
		if g.peek() == '+' || g.peek() == '-' {
			g.at++
		}
		if g.digits() == 0 {
			return noDigit
		}
	}
	if !isFinite(g.text[start:g.at]) {
		g.at = start
		return "a number that is not finite as a binary64"
	}
	return ""
}

func (g *grammar) digits() int {
	start := g.at
	for g.peek()-'0' <= 9 {
		g.at++
	}
	return g.at - start
}

func (g *grammar) string() (reason string) {
	for g.at++; g.at < len(g.text); {
		switch c := g.text[g.at]; {
		case c == '"':
			g.at++
			return ""
		case c < ' ':
			return "a control character that is not escaped"
		case c == '\\':
			if reason := g.escape(); reason != "" {
				return reason
			}
		default:
			g.at++
		}
	}
	return "expected the closing quote of a string"
}

// escape reads an escape sequence, starting at its backslash.
func (g *grammar) escape() (reason string) {
	if g.at+1 == len(g.text) {
		g.at++
		return ""
	}
	if letter := g.text[g.at+1]; letter != 'u' {
		if bytes.IndexByte([]byte(`"\/bfnrt`), letter) < 0 {
			return "an unknown escape"
		}
		g.at += 2
		return ""
	}
	switch unit := codeUnit(g.text, g.at); {
	case unit < 0:
		return "an escape without four hexadecimal digits"
	case unit >= 0xD800 && unit < 0xDC00:
		if low := codeUnit(g.text, g.at+6); low < 0xDC00 || low > 0xDFFF {
			return "a high surrogate without a low one after it"
		}
		g.at += 12
	case unit >= 0xDC00 && unit <= 0xDFFF:
		return "a low surrogate without a high one before it"
	default:
		g.at += 6
	}
	return ""
}

// codeUnit returns the UTF-16 code unit of a \u escape at an offset, or -1 for any other text.
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

func isFinite(number []byte) bool {
	// A number without an exponent and with fewer than 309 characters is finite.
	if len(number) < 309 && !bytes.ContainsAny(number, "eE") {
		return true
	}
	float, err := strconv.ParseFloat(string(number), 64)
	return err == nil || !math.IsInf(float, 0)
}

func isNull(text []byte) bool {
	return len(text) >= 4 && (text[0] == 'n' || text[0] <= ' ') && string(bytes.TrimSpace(text)) == "null"
}
