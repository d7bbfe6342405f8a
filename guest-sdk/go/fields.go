package hostel

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// How encoding/json treats a type: whether the type has its own JSON methods, and which struct
// fields have which JSON names.

var (
	marshaler       = reflect.TypeFor[json.Marshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// marshals returns true if a type or its pointer defines its own JSON form.
func marshals(t reflect.Type) bool {
	return t.Implements(marshaler) || t.Implements(textMarshaler) || marshalsByPointer(t)
}

// marshalsByPointer returns true if only the pointer to a type has MarshalJSON or MarshalText.
// encoding/json ignores such a method on a value that is not addressable, for example in a map.
func marshalsByPointer(t reflect.Type) bool {
	if t.Implements(marshaler) || t.Implements(textMarshaler) {
		return false
	}
	pointer := reflect.PointerTo(t)
	return pointer.Implements(marshaler) || pointer.Implements(textMarshaler)
}

// destination removes the pointers from a type and returns the type that JSON is read into. It
// returns nil for a type with its own unmarshal method, and for nil.
func destination(t reflect.Type) reflect.Type {
	for t != nil {
		pointer := reflect.PointerTo(t)
		if pointer.Implements(unmarshaler) || pointer.Implements(textUnmarshaler) {
			return nil
		}
		if t.Kind() != reflect.Pointer {
			return t
		}
		t = t.Elem()
	}
	return nil
}

// structFields are the fields of a struct that encoding/json reads and writes.
type structFields struct {
	// The fields that encoding/json writes, by JSON name.
	written map[string]structField
	// The same fields by JSON name in lower case, because encoding/json reads names
	// case-insensitively. Of fields whose names differ only in case, read contains the first.
	read map[string]structField
	// A JSON name that several fields share, so that encoding/json writes none of these fields.
	// Empty if there is no such name.
	clash string
}

type structField struct {
	kind   reflect.Type
	index  []int
	tagged bool
}

// knownFields caches the results of fieldsOf by type.
var knownFields sync.Map

func fieldsOf(t reflect.Type) *structFields {
	if fields, known := knownFields.Load(t); known {
		return fields.(*structFields)
	}
	fields := &structFields{written: make(map[string]structField), read: make(map[string]structField)}
	seen := make(map[reflect.Type]bool)
	hidden := make(map[string]bool)
	level := []structField{{kind: t}}
	for len(level) > 0 {
		level = fields.addLevel(level, seen, hidden)
	}
	knownFields.Store(t, fields)
	return fields
}

// addLevel adds the fields of the structs at one embedding depth, and returns the structs embedded
// in them. If several fields have the same name, encoding/json writes the field at the least depth.
// At the same depth, the field with a tag takes precedence.
func (f *structFields) addLevel(level []structField, seen map[reflect.Type]bool, hidden map[string]bool) []structField {
	var embedded []structField
	found := make(map[string][]structField)
	for _, outer := range level {
		if seen[outer.kind] {
			continue
		}
		for i := range outer.kind.NumField() {
			field := outer.kind.Field(i)
			name, inner, written := jsonField(field)
			index := append(outer.index[:len(outer.index):len(outer.index)], i)
			if inner != nil {
				embedded = append(embedded, structField{kind: inner, index: index})
			} else if written {
				tagged := strings.HasPrefix(field.Tag.Get("json"), name)
				found[name] = append(found[name], structField{field.Type, index, tagged})
			}
		}
	}
	for _, outer := range level {
		seen[outer.kind] = true
	}
	for name, candidates := range found {
		if hidden[name] {
			continue
		}
		hidden[name] = true
		if chosen, alone := dominant(candidates); alone {
			f.written[name] = chosen
			folded := strings.ToLower(name)
			first, taken := f.read[folded]
			if !taken || slices.Compare(chosen.index, first.index) < 0 {
				f.read[folded] = chosen
			}
		} else {
			f.clash = name
		}
	}
	return embedded
}

// dominant returns the field that encoding/json writes if several have the same name and depth. It
// returns false if encoding/json writes none of them.
func dominant(candidates []structField) (structField, bool) {
	if len(candidates) == 1 {
		return candidates[0], true
	}
	var chosen structField
	tagged := 0
	for _, candidate := range candidates {
		if candidate.tagged {
			chosen = candidate
			tagged++
		}
	}
	return chosen, tagged == 1
}

// jsonField returns the JSON name of a field and whether encoding/json writes the field. It assumes
// that encoding/json accepts the name in the field's tag. For an embedded struct whose fields are
// promoted, it returns the struct's type as inner instead.
func jsonField(field reflect.StructField) (name string, inner reflect.Type, written bool) {
	tag := field.Tag.Get("json")
	if tag == "-" {
		return "", nil, false
	}
	name, _, _ = strings.Cut(tag, ",")
	embedded := field.Type
	if embedded.Kind() == reflect.Pointer {
		embedded = embedded.Elem()
	}
	isStruct := field.Anonymous && embedded.Kind() == reflect.Struct
	if isStruct && name == "" {
		return "", embedded, false
	}
	if name == "" {
		name = field.Name
	}
	return name, nil, field.IsExported() || isStruct
}
