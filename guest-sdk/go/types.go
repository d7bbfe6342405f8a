package hostel

import (
	"reflect"
	"sync"
)

// question asks whether a predicate is true for a type or a type within it. It caches the answers.
type question struct {
	ask     func(reflect.Type) bool
	answers sync.Map
}

// isTrueWithin returns false only if the predicate is false for t and for every type in the JSON of
// t. It may return true unnecessarily, because it also examines types that JSON ignores, such as
// the types of unexported fields.
func (q *question) isTrueWithin(t reflect.Type) bool {
	if answer, known := q.answers.Load(t); known {
		return answer.(bool)
	}
	answer := q.search(t, make(map[reflect.Type]bool))
	q.answers.Store(t, answer)
	return answer
}

func (q *question) search(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if q.ask(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Map:
		return q.search(t.Key(), seen) || q.search(t.Elem(), seen)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return q.search(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if q.search(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}
