//go:build !wasip1

package hostel

import (
	"slices"
	"sync"
	"time"
)

// Fake is a fake host for tests. It runs in the test's process, without WebAssembly. It has a cache
// and a log like a real host. The test defines the remote servers and the settings, and advances
// the clock of the cache.
//
//	func TestAGreetingIsCounted(t *testing.T) {
//		fake := hostel.NewFake()
//		greeting, err := greet(fake.Context(), &Greeting{Name: "Ada"})
//		...
//		fake.Advance(time.Hour)
//
// A fake checks keys, values and expiries as a host with the default limits does, and returns the
// same errors. Unlike a real host, a fake never returns [CacheDenied] or [CacheUnavailable], does
// not evict entries, and does not limit the sum of the values that [GetMany] reads. [GetOrSet]
// never waits: it computes a missing value at once. A fake is safe for concurrent use by several
// goroutines.
//
// Only the cache uses the fake's clock. [time.Now] in a service returns the machine's time, which
// the fake cannot replace. To test a service that calls time.Now, see [NewFakeWithClock].
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
	// The message about an outbound request that matched no route; empty if there was none.
	unexpected string
}

// Stats are the counters of a fake's cache. They do not include refused calls.
type Stats struct {
	// Hits, Misses and Exists count reads of keys. Sets and Increments count entries that were
	// written, Swaps entries that a swap wrote or removed, and Expires entries whose expiry
	// [Cache.Expire] changed. Deletes counts entries that [Cache.Delete], [Cache.DeleteMany] and
	// [Cache.DeletePrefix] removed. Takes counts entries that a take removed.
	Hits, Misses, Exists, Sets, Increments, Swaps, Expires, Deletes, Takes int
}

// NewFake returns a fake host with an empty cache and an empty log.
func NewFake() *Fake {
	return NewFakeWithClock(func() time.Time { return time.Time{} })
}

// NewFakeWithClock is like [NewFake], but with the given clock. In a bubble of [testing/synctest],
// where time.Now is fake, the cache and the service can thus share one clock:
//
//	func TestASessionEnds(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			fake := hostel.NewFakeWithClock(time.Now)
//			...
//			time.Sleep(time.Hour) // Returns at once: the bubble's clock jumps an hour.
//
// [Fake.Advance] advances only the cache's clock.
func NewFakeWithClock(now func() time.Time) *Fake {
	return &Fake{
		clock: now, began: now(), entries: make(map[string]entry), leases: make(map[string]holder),
		settings: make(map[string]string),
	}
}

// Context returns a context with an empty request. A test can pass the context to a handler, or
// read the cache through the context. All contexts of a fake share the fake's cache and log.
func (f *Fake) Context() *Context {
	return f.ContextWith(Request{})
}

// ContextWith is like [Fake.Context], with this request.
func (f *Fake) ContextWith(request Request) *Context {
	return newContext(host{f}, request)
}

// Call sends payload as JSON to the service of that name, as a host does. If payload is a
// [Request], Call sets its Service field and sends the request. The error is the *[Failure] that
// the caller would get, or one of kind [FailureInternal] if payload has no JSON form.
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

// CallWith sends a request to the service in its Service field. Use it for a request whose body is
// not JSON or is empty. [Fake.HTTP] builds a request from a method and a path.
func (f *Fake) CallWith(request Request) (Response, error) {
	response, failure := respond(f.ContextWith(request))
	f.checkExpected()
	if failure != nil {
		return Response{}, failure
	}
	return response, nil
}

// Advance advances the cache's clock, which determines when entries expire.
func (f *Fake) Advance(by time.Duration) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.advanced += by
}

// now returns the time of the cache's clock since the fake was created. The caller holds the mutex.
func (f *Fake) now() time.Duration {
	return f.clock().Sub(f.began) + f.advanced
}

// Logs returns the lines logged so far, for example "info: done".
func (f *Fake) Logs() []string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return slices.Clone(f.logs)
}

// Stats returns the counters of the cache so far.
func (f *Fake) Stats() Stats {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.stats
}

// Hold makes [GetOrSet] behave as if another call were computing the value of this key. If the key
// has no value, each call computes its own value and does not store it. If the key has a value, no
// call refreshes it early ([Early]). The effect ends with [Fake.LetGo], when the entry is changed,
// and with some calls that find nothing to change, for example [Cache.Delete] of a missing entry.
func (f *Fake) Hold(key string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.leases[key] = anotherCall
}

// LetGo ends the effect of [Fake.Hold].
func (f *Fake) LetGo(key string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.release(key, anotherCall)
}
