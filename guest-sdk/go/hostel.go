// Package hostel is for writing a service for a Hostel host in Go: a shared JSON cache with expiry,
// a log, outbound HTTP requests, settings, and typed requests and responses.
//
// # A service
//
// A service is a function that [Handle] registers. Its package is a main package. Only its init
// functions run, once in each fresh instance: keep them short.
//
//	package main
//
//	import "hostel-sdk"
//
//	func init() {
//		hostel.Handle("store-and-read", "Stores a value and reads it back.", storeAndRead)
//	}
//
//	func main() {}
//
//	func storeAndRead(ctx *hostel.Context, _ struct{}) (struct{}, error) {
//		if err := ctx.Cache.Set("greeting", "hello"); err != nil {
//			return struct{}{}, err
//		}
//		greeting, _, err := hostel.Get[string](ctx.Cache, "greeting")
//		ctx.Log.Infof("%s", greeting)
//		return struct{}{}, err
//	}
//
// `hostel build` makes the plugin. It only needs the standard toolchain: it builds a module for
// GOOS=wasip1 and GOARCH=wasm with -buildmode=c-shared, and encodes it as a component.
//
// The component imports the functions of the host that the service uses. One exception: with
// text/template, html/template, or another package that calls methods by name, Go's linker keeps
// all methods of [Cache], [HTTP] and [Config], and the component imports what they use.
//
// # Failures
//
// An error from a handler becomes a [Failure]. [NotFound] and similar functions choose the kind
// that the caller sees; any other error is an internal failure. So is a panic, which only fails the
// current call. Fatal errors (a panic in another goroutine, a deadlock, running out of memory) end
// the instance; Go's message is in the log.
//
// # Goroutines
//
// All goroutines share the single thread of an instance, and are suspended when the handler has
// returned. Their concurrent requests through [HTTP] are sent in parallel.
//
// # Tests
//
// `go test` tests a service without wasm and without a host. [Fake] provides the cache, with a
// clock that the test advances, and the remote servers and settings that the test sets.
// [Fake.Serve] and [Fake.HTTP] send HTTP requests to the services by routes. [NewFakeWithClock] is
// for a service that reads [time.Now].
package hostel
