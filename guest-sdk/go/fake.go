//go:build !wasip1

package hostel

import (
	"slices"
	"sync"
	"time"
)

// Fake is a host for tests, in the test's own process: the cache and the log of a real one, without
// wasm, a clock that stands still until the test moves it, and the servers elsewhere and the settings
// that the test sets.
//
//	func TestAGreetingIsCounted(t *testing.T) {
//		fake := hostel.NewFake()
//		greeting, err := greet(fake.Context(), &Greeting{Name: "Ada"})
//		...
//		fake.Advance(time.Hour)
//
// Keys, values, expiry and errors are those of a host with its default limits; only [CacheDenied]
// and [CacheUnavailable] never happen, and nothing is evicted. [GetOrSet] computes what is missing
// and never waits, unless the test holds the key. Goroutines may share a fake.
//
// The clock is that of the cache alone. What a service gets from [time.Now] is the time of the
// machine, which a test cannot replace in Go; of a service that reads it, see [NewFakeWithClock].
type Fake struct {
	mutex    sync.Mutex
	clock    func() time.Time
	began    time.Time
	advanced time.Duration
	entries  map[string]entry
	leases   map[string]holder
	logs     []string
	stats    Stats
	routes   []route
	served   pathNode
	requests []OutgoingRequest
	settings map[string]string
	// What the request was that no route matches.
	unexpected string
}

// Stats are the counts of a fake's cache. A refused call is not counted.
type Stats struct {
	// Hits, Misses and Exists are keys that were read; Sets, Increments, Swaps and Expires are
	// entries that were written; Deletes and Takes are those that were removed.
	Hits, Misses, Exists, Sets, Increments, Swaps, Expires, Deletes, Takes int
}

// NewFake is a host with an empty cache and an empty log.
func NewFake() *Fake {
	return NewFakeWithClock(func() time.Time { return time.Time{} })
}

// NewFakeWithClock is as [NewFake], with another clock instead of the one that stands still. In a
// bubble of [testing/synctest], where time.Now is a fake one, the cache and the service so have one
// time:
//
//	func TestASessionEnds(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			fake := hostel.NewFakeWithClock(time.Now)
//			...
//			time.Sleep(time.Hour) // Returns at once, an hour later.
//
// [Fake.Advance] moves the cache alone.
func NewFakeWithClock(now func() time.Time) *Fake {
	return &Fake{
		clock: now, began: now(), entries: make(map[string]entry), leases: make(map[string]holder),
		settings: make(map[string]string),
	}
}

// Context is the context of a handler, with an empty request: to call a handler as a plain
// function, or to read the cache. All contexts of a fake share its cache and its log.
func (f *Fake) Context() *Context {
	return f.ContextWith(Request{})
}

// ContextWith is the context of a handler, with this request.
func (f *Fake) ContextWith(request Request) *Context {
	return newContext(host{f}, request)
}

// Call sends payload as JSON to the service of that name, the way a host does. An error is the
// *[Failure] that the caller would see. A payload that is a [Request] is sent as it is, to that
// service.
func (f *Fake) Call(service string, payload any) (Response, error) {
	if request, is := payload.(Request); is {
		request.Service = service
		return f.CallWith(request)
	}
	request, err := JSON(payload)
	if err != nil {
		return Response{}, err
	}
	return f.CallWith(Request{Service: service, ContentType: request.ContentType, Body: request.Body})
}

// CallWith sends a request to the service that it names: for bodies that are not JSON, and for no
// body. [Fake.HTTP] makes one from a method and a path.
func (f *Fake) CallWith(request Request) (Response, error) {
	response, failure := respond(f.ContextWith(request))
	f.checkExpected()
	if failure != nil {
		return Response{}, failure
	}
	return response, nil
}

// Advance moves the clock of the cache forward. Entries whose expiry has then passed are gone.
func (f *Fake) Advance(by time.Duration) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.advanced += by
}

// now is the time since the fake was made. The mutex is held.
func (f *Fake) now() time.Duration {
	return f.clock().Sub(f.began) + f.advanced
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

// Hold makes another call compute the value of this key, as [GetOrSet] sees it: while the key has
// no value, the service computes its own and does not store it, and an old value is not renewed. It
// ends with [Fake.LetGo], or when the key is set or deleted.
func (f *Fake) Hold(key string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.leases[key] = anotherCall
}

// LetGo ends what [Fake.Hold] began.
func (f *Fake) LetGo(key string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.release(key, anotherCall)
}
