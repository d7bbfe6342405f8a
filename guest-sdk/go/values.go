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

// What the language cannot turn into JSON, or would turn into something else in silence.

// toJSON is the value's text, by the rules of encoding/json, but for <, > and &.
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
	// What is not UTF-8 encoding/json writes as this escape, and U+FFFD itself as it is.
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

// toStorable is as toJSON, and refuses what another reader would not know again.
func toStorable(value any) ([]byte, error) {
	text, err := toJSON(value)
	if err != nil {
		return nil, err
	}
	return text, silentlyChanged(reflect.ValueOf(value), notKnownAgain)
}

// rule is what a value must keep to, whatever it is in.
type rule struct {
	// Of what no value within breaks it nothing is looked at.
	mayBreak question
	// check says why a value that is not looked into breaks it, if it does.
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

var notKnownAgain = &rule{
	mayBreak: question{ask: func(t reflect.Type) bool {
		return t.Kind() == reflect.Interface || lostType(t) != "" || marshalsByPointer(t) ||
			embeddedMarshaler(t) != nil || mayClash(t)
	}},
	check: func(value reflect.Value) error {
		if marshalsByPointer(value.Type()) && !value.CanAddr() {
			return fmt.Errorf("a %v says only by pointer what its JSON is: store &value", value.Type())
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

// lostType tells why a type is refused: JSON has nothing like it, and what encoding/json writes for
// it others read as something else.
func lostType(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "a time.Time would come back as a string: " +
			"store value.Unix() or value.Format(time.RFC3339Nano)"
	case marshals(t):
		return ""
	case t.Kind() == reflect.Struct:
		return lostFields(t)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !marshals(t.Elem()):
		return "a []byte would come back as a string of base64: store string(value), " +
			"or what base64.StdEncoding.EncodeToString makes of it"
	case t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Struct && t.Elem().NumField() == 0:
		return "a set would come back as an object: store slices.Sorted(maps.Keys(value))"
	}
	return ""
}

// silentlyChanged looks for what breaks a rule in a value that encoding/json has written, so there
// is no cycle in it.
func silentlyChanged(value reflect.Value, rule *rule) error {
	// First of all, since a pointer to a type has all the methods of the type.
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
			// Its fields are written, and not itself.
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
