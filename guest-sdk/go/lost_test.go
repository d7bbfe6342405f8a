package hostel_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hostel-sdk"
)

type account struct{ name string }

type launch struct {
	time.Time
	Name string
}

// twins has two fields with the same JSON name. Its type is built by reflection because go vet
// rejects such a type in source code.
var twins = reflect.New(reflect.StructOf([]reflect.StructField{
	{Name: "A", Type: reflect.TypeFor[int](), Tag: `json:"x"`},
	{Name: "B", Type: reflect.TypeFor[int](), Tag: `json:"x"`},
})).Interface()

type onlyTime struct{ time.Time }

type both struct {
	time.Time
	big.Int
	Name string
}

type guarded struct {
	sync.Mutex
	N int
}

type left struct{ Same string }

type right struct{ Same string }

type leftRight struct {
	left
	right
}

type tagged struct {
	left
	Other string `json:"Same"`
}

type folded struct{ number int }

func (folded) MarshalText() ([]byte, error) { return []byte("one"), nil }

func (f *folded) UnmarshalText(text []byte) error { return nil }

func TestValueWhoseFieldsWouldBeLostIsRefusedWithItsPlace(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	for _, one := range []struct {
		value   any
		message string
	}{
		{account{"ada"}, "a hostel_test.account has no field that JSON can contain"},
		{&account{"ada"}, "export its fields"},
		{[]any{1, map[string]account{"a": {"ada"}}}, "[1]: a: a hostel_test.account"},
		{errors.New("boom"), "store err.Error()"},
		{map[string]any{"err": fmt.Errorf("no %d", 7)}, "err: a "},
		{&fs.PathError{Op: "open", Path: "x", Err: errors.New("gone")}, "Err: a errors.errorString"},
		{&sync.Map{}, "a sync.Map has no field"},
		{struct{ N atomic.Int64 }{}, "N: a atomic.Int64"},
		{&strings.Builder{}, "a strings.Builder"},
		{&url.URL{User: url.User("ada")}, "User: a url.Userinfo"},
		{launch{time.Unix(0, 0), "one"}, "has only the JSON of the embedded time.Time: its other fields would be lost"},
		{[]launch{{}}, "[0]: a hostel_test.launch"},
		{both{Name: "x"}, "embeds a time.Time: only its fields would be stored"},
		{twins, `two fields with the JSON name "x"`},
		{map[string]any{"t": twins}, "t: a struct { A int"},
		{leftRight{}, `two fields with the JSON name "Same"`},
		{map[folded]int{{1}: 1, {2}: 2}, `have the same name in JSON, "one"`},
	} {
		refusedAs(t, cache.Set("k", one.value), hostel.CacheInvalidValue, one.message)
	}
	if sets := fake.Stats().Sets; sets != 0 {
		t.Errorf("%d values were stored", sets)
	}
}

func TestValueThatIsStoredCompletelyIsAccepted(t *testing.T) {
	cache := hostel.NewFake().Context().Cache
	for _, value := range []any{
		struct{}{}, &guarded{N: 1}, onlyTime{time.Unix(0, 0)}, tagged{left{"a"}, "b"}, &url.URL{Path: "/"},
		netip.MustParseAddr("::1"), big.NewInt(1), map[folded]int{{1}: 1}, (*account)(nil),
		struct {
			Hidden account `json:"-"`
			Shown  int
			hidden int
		}{},
	} {
		if err := cache.Set("k", value); err != nil {
			t.Errorf("%T: %v", value, err)
		}
	}
}

func TestTargetIsCheckedEvenIfTheCacheIsEmpty(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	var number int
	var none *int
	for _, target := range []any{nil, 5, number, "", none, new(func()), new(chan int), new([]error), new(map[string]func())} {
		_, err := cache.Get("none", target)
		refusedAs(t, err, hostel.CacheInvalidValue, "")
		cache.Set("k", 5)
		_, err = cache.Get("k", target)
		refusedAs(t, err, hostel.CacheInvalidValue, "")
	}
	_, err := cache.Get("none", 5)
	refusedAs(t, err, hostel.CacheInvalidValue, "it must be a pointer to a variable")
	_, _, err = hostel.Get[[]map[string]func()](cache, "none")
	refusedAs(t, err, hostel.CacheInvalidValue, "a target of type []map[string]func(): JSON cannot be read as func()")
	_, _, err = hostel.Get[map[account]int](cache, "none")
	refusedAs(t, err, hostel.CacheInvalidValue, "a target of type map[")
	if stats := fake.Stats(); stats.Hits+stats.Misses > 0 {
		t.Errorf("the cache was asked: %+v", stats)
	}
}

func TestRawTextIsStoredUnchangedOrRefused(t *testing.T) {
	fake := hostel.NewFake()
	cache := fake.Context().Cache
	if err := cache.SetRawWithExpiry("k", " [1.0, -0] ", time.Minute); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "nope", "[1,]", "\"\xff\"", "1e400"} {
		refusedAs(t, cache.SetRaw("k", text), hostel.CacheInvalidValue, "")
	}
	refusedAs(t, cache.SetRawWithExpiry("k", "1", 1500*time.Millisecond), hostel.CacheInvalidExpiry, "Truncate")
	if text, _, _ := cache.GetRaw("k"); text != " [1.0, -0] " {
		t.Errorf("read %q", text)
	}
	fake.Advance(time.Minute)
	if there, _ := cache.Exists("k"); there {
		t.Error("the expiry is not kept")
	}
}
