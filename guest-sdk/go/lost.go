package hostel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Finds parts of a value that would be lost silently: all fields of a struct that has only
// unexported fields, fields that the MarshalJSON or MarshalText of an embedded field replaces, and
// fields or keys that share a name.

// lostFields returns the reason why the JSON of a struct would lack fields, or an empty text. The
// struct has no MarshalJSON or MarshalText of its own. lostFields ignores unexported fields if the
// struct also has an exported or a promoted field.
func lostFields(t reflect.Type) string {
	fields := fieldsOf(t)
	if fields.clash != "" {
		return fmt.Sprintf("a %v has two fields with the JSON name %q, and encoding/json writes neither: "+
			"rename one, or omit it with `json:\"-\"`", t, fields.clash)
	}
	if embedded := embeddedField(t); embedded >= 0 && marshals(t.Field(embedded).Type) {
		return fmt.Sprintf("a %v embeds a %v: only its fields would be stored: give the embedded field a name",
			t, t.Field(embedded).Type)
	}
	lost := false
	for i := range t.NumField() {
		field := t.Field(i)
		if field.IsExported() {
			return ""
		}
		lost = lost || field.Name != "_"
	}
	if !lost || len(fields.written) > 0 {
		return ""
	}
	return fmt.Sprintf("a %v has no field that JSON can contain, and would be stored as {}: %s", t, remedyFor(t))
}

func remedyFor(t reflect.Type) string {
	if t.Implements(reflect.TypeFor[error]()) || reflect.PointerTo(t).Implements(reflect.TypeFor[error]()) {
		return "store err.Error()"
	}
	return "export its fields, give it a MarshalJSON method, or omit it with `json:\"-\"`"
}

// embeddedField returns the index of the first embedded struct that has its own MarshalJSON or
// MarshalText, or -1.
func embeddedField(t reflect.Type) int {
	for i := range t.NumField() {
		field := t.Field(i)
		_, inner, _ := jsonField(field)
		if field.Anonymous && inner != nil && marshals(field.Type) {
			return i
		}
	}
	return -1
}

// embeddedMarshaler returns the embedded field whose MarshalJSON or MarshalText may be promoted to
// the whole struct, so that the other fields would be omitted. It returns nil if there is no such
// field.
func embeddedMarshaler(t reflect.Type) *reflect.StructField {
	if t.Kind() != reflect.Struct || !marshals(t) || len(fieldsOf(t).written) == 0 {
		return nil
	}
	embedded := embeddedField(t)
	if embedded < 0 {
		return nil
	}
	field := t.Field(embedded)
	return &field
}

// hiddenFields refuses a struct whose JSON equals the JSON of its embedded field, because the other
// fields would be lost.
func hiddenFields(value reflect.Value, embedded *reflect.StructField) error {
	part := value.FieldByIndex(embedded.Index)
	if part.Kind() == reflect.Pointer && part.IsNil() || !part.CanInterface() || !value.CanInterface() {
		return nil
	}
	whole, err := json.Marshal(value.Interface())
	if err != nil {
		return err
	}
	alone, err := json.Marshal(part.Interface())
	if err != nil || !bytes.Equal(whole, alone) {
		return err
	}
	return fmt.Errorf("a %v has only the JSON of the embedded %v: its other fields would be lost: "+
		"give the embedded field a name, or the struct a MarshalJSON method", value.Type(), embedded.Type)
}

// mayClash returns true if two keys of a map of this type may have the same JSON name.
func mayClash(t reflect.Type) bool {
	return t.Kind() == reflect.Map && t.Key().Kind() != reflect.String && t.Key().Implements(textMarshaler)
}

func clashingKeys(value reflect.Value) error {
	names := make(map[string]reflect.Value, value.Len())
	for key := range value.Seq() {
		name, err := nameOfKey(key)
		if err != nil {
			return err
		}
		if other, taken := names[name]; taken {
			return fmt.Errorf("the keys %v and %v have the same name in JSON, %s", other, key, shortened(name))
		}
		names[name] = key
	}
	return nil
}
