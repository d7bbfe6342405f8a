package hostel

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Parses queries and forms, and writes forms: application/x-www-form-urlencoded (WHATWG URL
// Standard). net/url has other rules (it refuses an invalid escape and a semicolon) and would make
// components larger.

// formValues returns the decoded value of each field of that name, in order. The argument most is
// the maximum number of values.
func formValues(text, name string, most int) (values []string) {
	for piece := range strings.SplitSeq(text, "&") {
		field, value, _ := strings.Cut(piece, "=")
		if piece == "" || decodedField(field) != name {
			continue
		}
		if values = append(values, decodedField(value)); len(values) == most {
			break
		}
	}
	return values
}

func firstFormValue(text, name string) (value string, found bool) {
	if values := formValues(text, name, 1); len(values) > 0 {
		return values[0], true
	}
	return "", false
}

func decodedField(text string) string {
	if !strings.ContainsAny(text, "%+") {
		return toUTF8(text)
	}
	decoded := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '+':
			decoded = append(decoded, ' ')
		case c == '%' && i+2 < len(text) && digitOf(text[i+1]) < 16 && digitOf(text[i+2]) < 16:
			decoded = append(decoded, digitOf(text[i+1])<<4|digitOf(text[i+2]))
			i += 2
		default:
			decoded = append(decoded, c)
		}
	}
	return toUTF8(string(decoded))
}

// digitOf returns the value of a hexadecimal digit, or 16 for any other byte.
func digitOf(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 16
}

// toUTF8 replaces invalid UTF-8 as in the WHATWG Encoding Standard: one U+FFFD for each truncated
// character and for each byte that cannot begin a character. strings.ToValidUTF8 would replace a
// run of invalid bytes with a single U+FFFD.
func toUTF8(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	valid := make([]byte, 0, len(text)+8)
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size == 1 {
			for size < len(text) && !utf8.FullRuneInString(text[:size+1]) {
				size++
			}
		}
		valid = utf8.AppendRune(valid, r)
		text = text[size:]
	}
	return string(valid)
}

// formOf returns a form with these fields, sorted by name.
func formOf(fields map[string][]string) []byte {
	var text []byte
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		for _, value := range fields[name] {
			if len(text) > 0 {
				text = append(text, '&')
			}
			text = append(appendEncoded(text, name), '=')
			text = appendEncoded(text, value)
		}
	}
	return text
}

func appendEncoded(text []byte, field string) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range []byte(field) {
		switch {
		case c == ' ':
			text = append(text, '+')
		case isAlphanumeric(c) || strings.IndexByte("*-._", c) >= 0:
			text = append(text, c)
		default:
			text = append(text, '%', digits[c>>4], digits[c&15])
		}
	}
	return text
}
