package hostel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// Writes values as JSON. Refuses values that encoding/json cannot write or would silently change.

// toJSON returns the value's JSON text, by the rules of encoding/json, with two exceptions: <, >
// and & are not escaped, and .0 is appended to a large float that is written with digits only.
func toJSON(value any) ([]byte, error) {
	if text, plain := appendPlain(nil, value); plain {
		return text, nil
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	written := bytes.TrimSuffix(text.Bytes(), []byte("\n"))
	// encoding/json writes invalid UTF-8 as this escape, and U+FFFD itself unescaped.
	if bytes.Contains(written, []byte(`\ufffd`)) {
		if err := silentlyChanged(reflect.ValueOf(value), notUTF8); err != nil {
			return nil, err
		}
	}
	if !utf8.Valid(written) {
		return nil, errors.New("a MarshalJSON wrote what is not UTF-8")
	}
	return markFloats(written, reflect.ValueOf(value))
}

// toStorable is like toJSON, but also refuses a value that breaks the rule notKnownAgain.
func toStorable(value any) ([]byte, error) {
	text, err := toJSON(value)
	if err != nil {
		return nil, err
	}
	return text, silentlyChanged(reflect.ValueOf(value), notKnownAgain)
}

// rule is a condition on a value and on all values inside it.
type rule struct {
	// mayBreak asks about a type. If it is false for the type and all types within it, no value of
	// the type breaks the rule.
	mayBreak question
	// check returns the reason why a value breaks the rule, or nil. It does not check the values
	// inside.
	check func(value reflect.Value) error
}

var notUTF8 = &rule{
	mayBreak: question{ask: func(t reflect.Type) bool {
		return t.Kind() == reflect.Interface || t.Kind() == reflect.String
	}},
	check: func(value reflect.Value) error {
		if value.Kind() == reflect.String && !utf8.ValidString(value.String()) {
			return fmt.Errorf("the string %s is not UTF-8", shortened(value.String()))
		}
		return nil
	},
}

// notKnownAgain is the rule that a plugin in any language can read the complete value as the same
// type.
var notKnownAgain = &rule{
	mayBreak: question{ask: func(t reflect.Type) bool {
		return t.Kind() == reflect.Interface || lostType(t) != "" || marshalsByPointer(t) ||
			embeddedMarshaler(t) != nil || mayClash(t)
	}},
	check: func(value reflect.Value) error {
		if marshalsByPointer(value.Type()) && !value.CanAddr() {
			return fmt.Errorf("only the pointer to a %v has a MarshalJSON method: store &value", value.Type())
		}
		if reason := lostType(value.Type()); reason != "" && !(value.Kind() != reflect.Struct && value.IsNil()) {
			return errors.New(reason)
		}
		if embedded := embeddedMarshaler(value.Type()); embedded != nil {
			return hiddenFields(value, embedded)
		}
		if mayClash(value.Type()) {
			return clashingKeys(value)
		}
		return nil
	},
}

// lostType returns the reason to refuse a type, or an empty text. A type is refused if other
// languages would read its JSON as a different type, or if its JSON would lack some fields.
func lostType(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "a time.Time would be read back as a string: " +
			"store value.Unix() or value.Format(time.RFC3339Nano)"
	case marshals(t):
		return ""
	case t.Kind() == reflect.Struct:
		return lostFields(t)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !marshals(t.Elem()):
		return "a []byte would be read back as a base64 string: store string(value) " +
			"or base64.StdEncoding.EncodeToString(value)"
	case t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Struct && t.Elem().NumField() == 0:
		return "a set would be read back as an object: store slices.Sorted(maps.Keys(value))"
	}
	return ""
}

// silentlyChanged returns the first violation of a rule in a value, or nil. encoding/json has
// already written the value, so the value contains no cycle.
func silentlyChanged(value reflect.Value, rule *rule) error {
	// Remove pointers before the other checks: a pointer to a type has all methods of the type.
	for value.Kind() == reflect.Pointer || value.Kind() == reflect.Interface {
		value = value.Elem()
	}
	if !value.IsValid() || !rule.mayBreak.isTrueWithin(value.Type()) {
		return nil
	}
	if err := rule.check(value); err != nil {
		return err
	}
	if marshals(value.Type()) {
		return nil
	}
	switch value.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			if err := silentlyChanged(value.Index(i), rule); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
	case reflect.Map:
		for key, item := range value.Seq2() {
			if err := silentlyChanged(key, rule); err != nil {
				return err
			}
			if err := silentlyChanged(item, rule); err != nil {
				return fmt.Errorf("%v: %w", key, err)
			}
		}
	case reflect.Struct:
		return fieldChanged(value, rule)
	}
	return nil
}

func fieldChanged(value reflect.Value, rule *rule) error {
	for i := range value.NumField() {
		name, inner, written := jsonField(value.Type().Field(i))
		if inner != nil {
			// encoding/json writes the fields of an embedded struct, not the struct itself.
			if embedded := reflect.Indirect(value.Field(i)); embedded.IsValid() {
				if err := fieldChanged(embedded, rule); err != nil {
					return err
				}
			}
			continue
		}
		if !written {
			continue
		}
		if err := silentlyChanged(value.Field(i), rule); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
