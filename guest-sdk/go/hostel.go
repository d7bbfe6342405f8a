// Package hostel is for writing a service for a Hostel host in Go: a shared JSON cache with expiry,
// a log, outbound HTTP requests, settings, and typed requests and responses.
//
// # A service
//
// A service is a function that [Handle] registers, in a main package. The function main never runs.
// The init functions run once in each fresh instance: keep them short.
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
// `hostel build` builds the plugin with Go's standard toolchain. The command builds a module for
// GOOS=wasip1 and GOARCH=wasm with -buildmode=c-shared, and encodes the module as a component.
//
// Of the host's functions for the cache, HTTP and settings, the component imports only those that
// the service uses. One exception: with text/template, html/template, or another package that calls
// methods by name, Go's linker keeps all methods of [Cache], [HTTP] and [Config], and the component
// imports the functions that these methods use.
//
// # Failures
//
// An error from a handler becomes a [Failure]. [NotFound] and similar functions choose the kind
// that the caller gets; most other errors become internal failures. A panic in the handler is an
// internal failure too, and only fails the current call. A fatal error (a panic in another
// goroutine, a deadlock, running out of memory) ends the instance; Go's message is in the log.
//
// # Goroutines
//
// All goroutines share the single thread of an instance, and are suspended while no handler runs.
// Their concurrent requests through [HTTP] are sent in parallel.
//
// # Tests
//
// `go test` tests a service without WebAssembly and without a host. [Fake] provides a cache, whose
// clock the test advances, and the remote servers and settings that the test defines. [Fake.Serve]
// adds a route, and [Fake.HTTP] sends an HTTP request to the service of its route. Use
// [NewFakeWithClock] for a service that calls [time.Now].
package hostel
