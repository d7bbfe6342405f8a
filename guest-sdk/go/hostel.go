// Package hostel is for writing a service for a Hostel host in Go: a shared JSON cache with expiry,
// a log, requests to servers elsewhere, settings, and typed requests and responses.
//
// # A service
//
// A service is a function, and [Handle] lists it. Its package is a main package in which nothing
// runs but the init functions, once for each fresh instance: keep them short.
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
// `hostel build` makes the plugin. It needs the standard toolchain and nothing else: it builds a
// module for GOOS=wasip1 and GOARCH=wasm with -buildmode=c-shared, and encodes it as a component.
//
// The component imports the functions of the host that the service uses. One exception: with
// text/template, html/template, or another package that calls methods by name, Go's linker keeps all
// methods of [Cache], [HTTP] and [Config], and the component imports what they use.
//
// # Failures
//
// A handler that returns an error answers a [Failure]: [NotFound] and its like make one of a kind
// that the caller sees, any other error is a fault of the service. A panic is one too, and costs
// the call alone. What Go cannot recover from (a panic in another goroutine, a deadlock, running
// out of memory) ends the instance; what Go says of it is in the log.
//
// # Goroutines
//
// They take turns in the one thread of an instance, and stand still when the handler has returned.
// What several of them send by [HTTP] goes out at the same time.
//
// # Tests
//
// A service is tested by `go test`, without wasm and without a host: [Fake] has the cache of one,
// with a clock that the test moves, and the servers elsewhere and the settings that the test sets.
// [Fake.Serve] and [Fake.HTTP] send requests by HTTP to the services, along routes.
// [NewFakeWithClock] is for a service that reads [time.Now].
package hostel
