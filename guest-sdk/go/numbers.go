package hostel

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// JSON without lost numbers: encoding/json, but an integer that it would round is an error.

const (
	// Up to here every integer is a float64.
	exactInFloat64 = 1 << 53
	// Up to here every integer is a float32.
	exactInFloat32 = 1 << 24
	// An integer with fewer digits fits a float64, or a float32.
	digitsBeyondFloat64 = len("9007199254740992")
	digitsBeyondFloat32 = len("16777216")
)

var holdsFloat32 = question{ask: func(t reflect.Type) bool { return t.Kind() == reflect.Float32 }}

// fromJSON reads a text into what target points to. The text's strings are copied.
func fromJSON(text []byte, target any) error {
	if err := json.Unmarshal(text, target); err != nil {
		return located(err, text)
	}
	t := reflect.TypeOf(target).Elem()
	digits := longestDigits(text)
	if digits < digitsBeyondFloat32 || digits < digitsBeyondFloat64 && !holdsFloat32.isTrueWithin(t) {
		return nil
	}
	reader := exactReader{text: text, tokens: json.NewDecoder(bytes.NewReader(text))}
	reader.tokens.UseNumber()
	return reader.value(t)
}

// located adds the line and the column to an error that knows its offset.
func located(err error, text []byte) error {
	offset := int64(-1)
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	} else if errors.As(err, &mismatch) {
		offset = mismatch.Offset
	}
	message := strings.TrimPrefix(err.Error(), "json: ")
	if offset < 0 || offset > int64(len(text)) {
		return errors.New(message)
	}
	return fmt.Errorf("%s at %s", message, position(text, int(offset)))
}

func position(text []byte, offset int) string {
	before := text[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := offset - (bytes.LastIndexByte(before, '\n') + 1)
	return fmt.Sprintf("line %d column %d", line, column)
}

// longestDigits is the length of the longest run of digits, in numbers and anywhere else.
func longestDigits(text []byte) int {
	longest, run := 0, 0
	for _, c := range text {
		if c-'0' > 9 {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// exactReader reads a text a second time, along the type that it was read into, and looks at the
// integers where that type has floats.
type exactReader struct {
	text   []byte
	tokens *json.Decoder
}

// value reads one value that went into a t; nil stands for none.
func (r *exactReader) value(t reflect.Type) error {
	token, err := r.tokens.Token()
	if err != nil {
		return err
	}
	t = destination(t)
	switch token := token.(type) {
	case json.Number:
		return r.number(token.String(), t)
	case json.Delim:
		for r.tokens.More() {
			inner, err := r.inner(token, t)
			if err != nil {
				return err
			}
			if err := r.value(inner); err != nil {
				return err
			}
		}
		_, err := r.tokens.Token()
		return err
	}
	return nil
}

// inner is the type of what comes next in an array or an object that went into a t.
func (r *exactReader) inner(container json.Delim, t reflect.Type) (reflect.Type, error) {
	name := ""
	if container == '{' {
		token, err := r.tokens.Token()
		if err != nil {
			return nil, err
		}
		name, _ = token.(string)
	}
	if t == nil {
		return nil, nil
	}
	switch t.Kind() {
	case reflect.Interface:
		return t, nil
	case reflect.Map, reflect.Slice, reflect.Array:
		return t.Elem(), nil
	case reflect.Struct:
		return fieldsOf(t)[strings.ToLower(name)], nil
	}
	return nil, nil
}

func (r *exactReader) number(text string, t reflect.Type) error {
	limit := uint64(exactInFloat64)
	switch {
	case t == nil || strings.ContainsAny(text, ".eE"):
		return nil
	case t.Kind() == reflect.Float32:
		limit = exactInFloat32
	case t.Kind() != reflect.Float64 && t.Kind() != reflect.Interface:
		return nil
	}
	magnitude, err := strconv.ParseUint(strings.TrimPrefix(text, "-"), 10, 64)
	if err == nil && magnitude <= limit {
		return nil
	}
	if len(text) > 40 {
		text = text[:40] + ".."
	}
	return fmt.Errorf("the integer %s does not fit %v without rounding, at %s",
		text, t, position(r.text, int(r.tokens.InputOffset())))
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

var (
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// knownFields holds, by type, what fieldsOf found.
var knownFields sync.Map

// fieldsOf are the types of a struct's fields by the names that encoding/json gives them, in lower
// case, since it reads them in any.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if fields, known := knownFields.Load(t); known {
		return fields.(map[string]reflect.Type)
	}
	fields := make(map[string]reflect.Type)
	addFields(fields, t, make(map[reflect.Type]bool))
	knownFields.Store(t, fields)
	return fields
}

// addFields adds the fields of a struct and then those of the structs embedded in it: where two
// have one name, the outer one wins.
func addFields(fields map[string]reflect.Type, t reflect.Type, seen map[reflect.Type]bool) {
	seen[t] = true
	var embedded []reflect.Type
	for i := range t.NumField() {
		field := t.Field(i)
		name, inner, read := jsonField(field)
		switch _, taken := fields[strings.ToLower(name)]; {
		case inner != nil && !seen[inner]:
			embedded = append(embedded, inner)
		case read && !taken:
			fields[strings.ToLower(name)] = field.Type
		}
	}
	for _, inner := range embedded {
		addFields(fields, inner, seen)
	}
}

// jsonField tells what encoding/json does with a field: it reads and writes it by this name, or, if
// inner is a struct, it does so with the fields of that.
func jsonField(field reflect.StructField) (name string, inner reflect.Type, read bool) {
	tag := field.Tag.Get("json")
	name, _, _ = strings.Cut(tag, ",")
	if field.Anonymous && name == "" {
		inner = field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			return "", inner, false
		}
	}
	if name == "" {
		name = field.Name
	}
	return name, nil, field.IsExported() && tag != "-"
}
