package hostel

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Errors for values of a wrong type. Clients of the service read these errors, so the errors use
// the terms of JSON. The errors of encoding/json name Go types instead.

// misfit is the error for a value that does not fit its variable.
type misfit struct {
	// The place of the value in the text, such as items[0].count; empty for the root.
	path  string
	found string
	rule  string
	// Line and column; empty when unknown.
	position string
}

func (m *misfit) Error() string {
	return cmp.Or(m.path, "it") + m.predicate()
}

func (m *misfit) predicate() string {
	text := " is " + m.found + ": it must be " + m.rule
	if m.position != "" {
		text += ", at " + m.position
	}
	return text
}

// withSubject returns the message of an error from fromJSON, misfitOfNull or flaw.asError. In the
// message, subject is the name of the whole text.
func withSubject(subject string, err error) string {
	if m, is := err.(*misfit); is && m.path == "" {
		return subject + m.predicate()
	}
	return fmt.Sprintf("%s: %v", subject, err)
}

// readable converts an error of encoding/json to an error for clients.
func readable(err error, text []byte) error {
	var mismatch *json.UnmarshalTypeError
	if !errors.As(err, &mismatch) {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	path, token, found := tokenOf(text, mismatch)
	rule := ruleOf(mismatch.Type, token)
	switch {
	case rule == "":
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	case !found:
		return &misfit{cmp.Or(mismatch.Field, "a value in it"), "of another type", rule, ""}
	}
	return &misfit{path, tokenText(token), rule, position(text, int(mismatch.Offset)-1)}
}

// misfitOfNull returns the error for a text that is null.
func misfitOfNull(text []byte, target any) error {
	rule := ""
	if t := reflect.TypeOf(target); t != nil && t.Kind() == reflect.Pointer {
		rule = ruleOf(t.Elem(), nil)
	}
	end := len(bytes.TrimRight(text, " \t\r\n"))
	return &misfit{"", "null", cmp.Or(rule, "another value"), position(text, end-1)}
}

// ruleOf describes the JSON that fits a type. If found is a number out of range, the description is
// the range. The description is empty for some types, such as a type with UnmarshalJSON but without
// UnmarshalText.
func ruleOf(t reflect.Type, found json.Token) string {
	pointer := reflect.PointerTo(t)
	switch {
	case pointer.Implements(textUnmarshaler):
		return "a string"
	case pointer.Implements(unmarshaler):
		return ""
	case t == reflect.TypeFor[json.Number]():
		return "a number"
	}
	switch kind := t.Kind(); kind {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Float32, reflect.Float64:
		if _, isNumber := found.(json.Number); isNumber {
			return "from -3.4e38 to 3.4e38"
		}
		return "a number"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "a string of base64"
		}
		return "an array"
	case reflect.Array:
		return "an array"
	case reflect.Map, reflect.Struct:
		return "an object"
	default:
		if kind < reflect.Int || kind > reflect.Uintptr {
			return ""
		}
		return integerRule(t, found)
	}
}

func integerRule(t reflect.Type, found json.Token) string {
	number, isNumber := found.(json.Number)
	bits := t.Bits()
	switch {
	case !isNumber || strings.ContainsAny(number.String(), ".eE"):
		return "an integer"
	case t.Kind() >= reflect.Uint:
		return fmt.Sprintf("from 0 to %d", ^uint64(0)>>(64-bits))
	}
	least := int64(-1) << (bits - 1)
	return fmt.Sprintf("from %d to %d", least, ^least)
}

// level is an array or object that contains a token.
type level struct {
	isArray bool
	// The index of the current element, or the name of the current member.
	index int
	name  string
	// True if the next token is the value of that member.
	isNamed bool
}

// tokenOf returns the token that caused a mismatch, and its path. The token may not be found
// if an UnmarshalJSON method returned the mismatch: the offset of the mismatch then counts from the
// start of a part of the text.
func tokenOf(text []byte, mismatch *json.UnmarshalTypeError) (path string, token json.Token, found bool) {
	tokens := json.NewDecoder(bytes.NewReader(text))
	tokens.UseNumber()
	var open []level
	for {
		token, err := tokens.Token()
		if err != nil {
			return "", nil, false
		}
		if token == json.Delim(']') || token == json.Delim('}') {
			open = open[:len(open)-1]
			continue
		}
		isName, end := advance(open, token), tokens.InputOffset()
		switch {
		case end < mismatch.Offset:
		case !isName:
			if end > mismatch.Offset || !strings.HasPrefix(mismatch.Value, kindOf(token)) {
				return "", nil, false
			}
			return pathOf(open), token, true
		case mismatch.Value == fmt.Sprintf("number %s", token):
			// The token is a key of a map with integer keys.
			return "the name of " + pathOf(open), token, true
		}
		if delimiter, opens := token.(json.Delim); opens {
			open = append(open, level{isArray: delimiter == '[', index: -1})
		}
	}
}

// advance records the next token at the innermost level, and returns true if the token is a member
// name.
func advance(open []level, token json.Token) (isName bool) {
	if len(open) == 0 {
		return false
	}
	innermost := &open[len(open)-1]
	if innermost.isArray {
		innermost.index++
		return false
	}
	innermost.isNamed = !innermost.isNamed
	if innermost.isNamed {
		innermost.name, _ = token.(string)
	}
	return innermost.isNamed
}

func pathOf(open []level) string {
	path := ""
	for _, level := range open {
		switch {
		case level.isArray:
			path += fmt.Sprintf("[%d]", level.index)
		case isPlainName(level.name):
			path += "." + level.name
		default:
			path += "[" + shortened(level.name) + "]"
		}
	}
	return strings.TrimPrefix(path, ".")
}

func isPlainName(name string) bool {
	isOther := func(r rune) bool { return r > '~' || r != '_' && !isAlphanumeric(byte(r)) }
	return name != "" && len(name) <= 64 && !strings.ContainsFunc(name, isOther)
}

// kindOf returns the word that encoding/json uses in mismatch errors for this kind of value.
func kindOf(token json.Token) string {
	switch token {
	case json.Delim('['):
		return "array"
	case json.Delim('{'):
		return "object"
	}
	switch token.(type) {
	case string:
		return "string"
	case json.Number:
		return "number"
	}
	return "bool"
}

func tokenText(token json.Token) string {
	switch token := token.(type) {
	case string:
		return shortened(token)
	case json.Number:
		return shortenedNumber(token.String())
	case json.Delim:
		if token == '[' {
			return "an array"
		}
		return "an object"
	}
	return fmt.Sprint(token)
}

func shortenedNumber(number string) string {
	if len(number) > 40 {
		return number[:40] + ".."
	}
	return number
}
