//go:build !wasip1

package hostel

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Fake is a host for tests, in the test's own process: the cache and the log of a real one, without
// wasm, and a clock that stands still until the test moves it.
//
//	func TestAGreetingIsCounted(t *testing.T) {
//		fake := hostel.NewFake()
//		greeting, err := greet(fake.Context(), &Greeting{Name: "Ada"})
//		...
//		fake.Advance(time.Hour)
//
// Keys, values, expiry and errors are those of a host with its default limits; only [CacheDenied]
// and [CacheUnavailable] never happen, and nothing is evicted. Goroutines may share it.
type Fake struct {
	mutex   sync.Mutex
	now     time.Duration
	entries map[string]entry
	logs    []string
	stats   Stats
}

// Stats are the counts of a fake's cache. A refused call is not counted.
type Stats struct {
	// Sets, Hits, Misses and Exists are calls; Deletes are those that removed an entry.
	Sets, Hits, Misses, Exists, Deletes int
}

type entry struct {
	value    string
	deadline time.Duration // Zero for none.
}

// NewFake is a host with an empty cache and an empty log.
func NewFake() *Fake {
	return &Fake{entries: make(map[string]entry)}
}

// Context is the context of a handler, with an empty request: to call a handler as a plain function,
// or to read the cache. All contexts of a fake share its cache and its log.
func (f *Fake) Context() *Context {
	return f.ContextWith(Request{})
}

// ContextWith is the context of a handler, with this request.
func (f *Fake) ContextWith(request Request) *Context {
	return newContext(host{f}, request)
}

// Call sends payload as JSON to the service of that name, the way a host does. An error is the
// *[Failure] that the caller would see.
func (f *Fake) Call(service string, payload any) (Response, error) {
	request, err := JSON(payload)
	if err != nil {
		return Response{}, err
	}
	return f.CallWith(Request{Service: service, ContentType: request.ContentType, Body: request.Body})
}

// CallWith sends a request to the service that it names: for bodies that are not JSON, for no body,
// and for HTTP.
func (f *Fake) CallWith(request Request) (Response, error) {
	response, err := dispatch(f.ContextWith(request))
	if err != nil {
		return Response{}, failureOf(err)
	}
	return response, nil
}

// Advance moves the cache's clock forward. Entries whose expiry has then passed are gone.
func (f *Fake) Advance(by time.Duration) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.now += by
}

// Logs are the lines logged so far: level, colon, message.
func (f *Fake) Logs() []string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return slices.Clone(f.logs)
}

// Stats are the counts of the cache so far.
func (f *Fake) Stats() Stats {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.stats
}

// host is a cache and a log in memory.
type host struct {
	fake *Fake
}

// live is the entry under a key, unless it is missing or expired. The mutex is held.
func (f *Fake) live(key string) (entry, bool) {
	found, there := f.entries[key]
	if there && found.deadline > 0 && f.now >= found.deadline {
		delete(f.entries, key)
		return entry{}, false
	}
	return found, there
}

// at checks the key and locks the fake until the caller unlocks it.
func (h host) at(key string) (*Fake, error) {
	if len(key) == 0 {
		return nil, refusedf(CacheInvalidKey, `invalid key "": a key is 1 to %d bytes`, maxKeyBytes)
	}
	if len(key) > maxKeyBytes {
		return nil, refusedf(CacheInvalidKey, "invalid key %s of %d bytes: a key is 1 to %d bytes",
			excerpt(key), len(key), maxKeyBytes)
	}
	h.fake.mutex.Lock()
	return h.fake, nil
}

func (h host) get(key string) ([]byte, bool, error) {
	fake, err := h.at(key)
	if err != nil {
		return nil, false, err
	}
	defer fake.mutex.Unlock()
	found, there := fake.live(key)
	if there {
		fake.stats.Hits++
	} else {
		fake.stats.Misses++
	}
	return []byte(found.value), there, nil
}

func (h host) done() {}

func (h host) set(key string, value []byte, seconds uint32) error {
	fake, err := h.at(key)
	if err != nil {
		return err
	}
	defer fake.mutex.Unlock()
	if err := checkValue(value); err != nil {
		return err
	}
	stored := entry{value: string(value)}
	if seconds > 0 {
		stored.deadline = fake.now + time.Duration(seconds)*time.Second
	}
	fake.entries[key] = stored
	fake.stats.Sets++
	return nil
}

func (h host) delete(key string) (bool, error) {
	fake, err := h.at(key)
	if err != nil {
		return false, err
	}
	defer fake.mutex.Unlock()
	_, there := fake.live(key)
	if there {
		delete(fake.entries, key)
		fake.stats.Deletes++
	}
	return there, nil
}

func (h host) exists(key string) (bool, error) {
	fake, err := h.at(key)
	if err != nil {
		return false, err
	}
	defer fake.mutex.Unlock()
	_, there := fake.live(key)
	fake.stats.Exists++
	return there, nil
}

// log keeps the line, and prints it, so that a failing test shows its log.
func (h host) log(level Level, message string) {
	line := fmt.Sprintf("%v: %s", level, message)
	fmt.Fprintln(os.Stderr, line)
	h.fake.mutex.Lock()
	defer h.fake.mutex.Unlock()
	h.fake.logs = append(h.fake.logs, line)
}

// checkValue is the host's check of a value.
func checkValue(value []byte) error {
	if len(value) > defaultValueLimit {
		return refusedf(CacheTooLarge, "value %s of %d bytes is too large: a value is at most %d bytes here",
			excerpt(string(value)), len(value), defaultValueLimit)
	}
	found := flawOf(value, maxDepth)
	if found == nil {
		return nil
	}
	rest := "the end"
	if found.offset < len(value) {
		rest = excerpt(string(value[found.offset:]))
	}
	return refusedf(CacheInvalidValue, "invalid value at byte %d: %s, found %s",
		found.offset, found.reason, rest)
}

// excerpt is the beginning of a text in quotes, as the host shows it.
func excerpt(text string) string {
	const most = 32
	var shown strings.Builder
	for count, char := range []rune(text) {
		if count == most {
			return `"` + shown.String() + `"...`
		}
		switch at := strings.IndexRune("\"\\\n\r\t\x00", char); {
		case at >= 0:
			shown.WriteByte('\\')
			shown.WriteByte(`"\nrt0`[at])
		case unicode.IsPrint(char):
			shown.WriteRune(char)
		default:
			fmt.Fprintf(&shown, `\u{%x}`, char)
		}
	}
	return `"` + shown.String() + `"`
}
