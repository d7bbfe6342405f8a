package hostel

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// What encoding/json makes of a type: which types read and write themselves, and the fields of a
// struct by their names.

var (
	marshaler       = reflect.TypeFor[json.Marshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// marshals is true for a type that says itself what its JSON is.
func marshals(t reflect.Type) bool {
	return t.Implements(marshaler) || t.Implements(textMarshaler) || marshalsByPointer(t)
}

// marshalsByPointer is true for a type whose pointer alone does: encoding/json passes it over where
// it cannot take the address, in a map for example.
func marshalsByPointer(t reflect.Type) bool {
	if t.Implements(marshaler) || t.Implements(textMarshaler) {
		return false
	}
	pointer := reflect.PointerTo(t)
	return pointer.Implements(marshaler) || pointer.Implements(textMarshaler)
}

// destination is the type that a value ends up in: nil for a type that reads by itself.
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
	// By the names that are written.
	written map[string]structField
	// By the same names in lower case, since it reads them in any.
	read map[string]structField
	// A name that several fields have, none of which is written then; empty without one.
	clash string
}

type structField struct {
	kind   reflect.Type
	index  []int
	tagged bool
}

// knownFields holds, by type, what fieldsOf found.
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

// addLevel adds the fields of structs that are embedded equally deep, and returns the structs that
// are embedded in those. Of fields with one name the least deep is written, then the one with a tag.
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
			if _, taken := f.read[strings.ToLower(name)]; !taken {
				f.read[strings.ToLower(name)] = chosen
			}
		} else {
			f.clash = name
		}
	}
	return embedded
}

// dominant is the field that is written among those of one name and depth, if any is.
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

// jsonField tells what encoding/json does with a field: it reads and writes it by this name, or, if
// inner is a struct, it does so with the fields of that.
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
