package hostel

import (
	"context"
	"fmt"
	"runtime"
	"strings"
)

// Context gives a handler the cache, the log, outbound HTTP, the settings and the request. The
// typed body is a separate parameter of the handler.
//
// It implements context.Context, so it can be passed to functions that need one. It has no deadline
// and is never cancelled: the host ends a call that takes too long.
type Context struct {
	context.Context

	// Cache is the plugin's cache.
	Cache Cache
	// Log writes the plugin's log lines.
	Log Log
	// HTTP sends outbound requests.
	HTTP HTTP
	// Config provides the plugin's settings and secrets.
	Config Config
	// Request is the current request.
	Request Request
}

// Handle registers a service of the plugin with its name, a one-line description for people, and
// its handler. Call it from an init function, because a plugin's main never runs:
//
//	func init() {
//		hostel.Handle("orders.find", "Finds one order.", findOrder)
//	}
//
//	func findOrder(ctx *hostel.Context, number uint64) (*Order, error)
//
// The name has 1 to 128 ASCII letters, digits, dots, hyphens and underscores. It begins with a
// letter and is unique in the plugin. The host refuses a plugin that breaks one of these rules.
//
// The body of the request is read as T, as in [Request.JSON]. If the body does not fit, the call
// fails as a bad request and the handler is not called. A request without a body is read as
// null: if T is a pointer, an interface, a map or a slice, the handler gets nil, unless T has its
// own rule for null. If T is struct{}, the body is not read.
//
// R is the type of the result. A [Response] or a pointer to a Response is sent as the response,
// struct{} as [Empty], and any other value as [JSON]. An error becomes a failure by the rules of
// [Failure]. A panic in the handler is an internal failure; its message and stack are logged.
func Handle[T, R any](name, description string, handler func(ctx *Context, request T) (R, error)) {
	handle := func(ctx *Context) (Response, error) {
		var request T
		if _, unread := any(request).(struct{}); !unread {
			if err := ctx.Request.JSON(&request); err != nil {
				return Response{}, err
			}
		}
		answer, err := handler(ctx, request)
		if err != nil {
			return Response{}, err
		}
		return responseOf(answer)
	}
	services = append(services, service{name, description, handle})
}

type service struct {
	name, description string
	handle            func(ctx *Context) (Response, error)
}

// services are the plugin's services in the order of registration.
var services []service

func newContext(host host, request Request) *Context {
	ctx := &Context{Context: context.Background(), Request: request}
	ctx.Cache.host, ctx.Log.host, ctx.HTTP.host, ctx.Config.host = host, host, host, host
	return ctx
}

// respond calls the service and returns its response or its failure.
func respond(ctx *Context) (Response, *Failure) {
	response, err := dispatch(ctx)
	if err == nil {
		return response, nil
	}
	failure := failureOf(err)
	// The WIT failure has no headers, so over HTTP a failure with headers becomes a response.
	if len(failure.headers) > 0 && ctx.Request.HTTP != nil {
		if response, err = problemOf(ctx, failure); err == nil {
			return response, nil
		}
		failure = failureOf(err)
	}
	return Response{}, failure
}

// dispatch calls the service that the request names, and converts a panic of the service to a
// [Failure].
func dispatch(ctx *Context) (response Response, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			logPanic(ctx.Log, cause)
			err = Internal("the service %q panicked: %v", ctx.Request.Service, cause)
		}
	}()
	for i := range services {
		if services[i].name == ctx.Request.Service {
			return services[i].handle(ctx)
		}
	}
	return Response{}, NotFound("no service %q here; there are: %s", ctx.Request.Service, names())
}

func names() string {
	var names []string
	for _, service := range services {
		names = append(names, service.name)
	}
	return strings.Join(names, ", ")
}

// maxFrames is the maximum number of frames in a logged stack: the host truncates long lines.
const maxFrames = 20

// logPanic logs the message of a panic and its stack as one record. The stack contains only frames
// for which isAuthors returns true, innermost first.
func logPanic(log Log, cause any) {
	record := fmt.Sprintf("panic: %v", cause)
	defer func() { log.Log(LevelError, record) }()
	callers := make([]uintptr, 128)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for shown := 0; shown < maxFrames; {
		frame, more := frames.Next()
		if isAuthors(frame) {
			record += fmt.Sprintf("\n  at %s:%d in %s", frame.File, frame.Line, frame.Function)
			shown++
		}
		if !more {
			return
		}
	}
}

// isAuthors returns false for the frames of Go's runtime, of this package, and of functions that
// the compiler generates. This package's frames include instances of Handle, which the compiler
// places in the plugin's package.
func isAuthors(frame runtime.Frame) bool {
	function := frame.Function
	return function != "" && frame.File != "<autogenerated>" &&
		!strings.HasPrefix(function, "runtime.") && !strings.HasPrefix(function, "hostel-sdk.") &&
		!strings.Contains(function, ".Handle[...].")
}

// typeName returns the name of a value's type. For a pointer, it returns the name of the type that
// the pointer points to.
func typeName(value any) string {
	return strings.TrimPrefix(fmt.Sprintf("%T", value), "*")
}
