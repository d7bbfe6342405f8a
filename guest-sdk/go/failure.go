package hostel

import (
	"errors"
	"fmt"
	"strings"
)

// FailureKind is the kind of a service's failure. No kinds will be added.
type FailureKind uint8

const (
	// FailureBadRequest: the request is malformed; a retry fails too. The HTTP status is 400.
	FailureBadRequest FailureKind = iota
	// FailureUnauthorized: the caller is not authenticated. The HTTP status is 401.
	FailureUnauthorized
	// FailureForbidden: the caller has no permission. The HTTP status is 403.
	FailureForbidden
	// FailureNotFound: the requested resource does not exist. The HTTP status is 404.
	FailureNotFound
	// FailureMethodNotAllowed: the service does not support the method. The HTTP status is 405.
	FailureMethodNotAllowed
	// FailureConflict: the request conflicts with the current state. The HTTP status is 409.
	FailureConflict
	// FailureTooManyRequests: the caller sends too many requests. The HTTP status is 429.
	FailureTooManyRequests
	// FailureInternal: the service failed, for example because of a bug. The HTTP status is 500.
	FailureInternal
	// FailureUnavailable: a dependency of the service is unavailable. The HTTP status is 503.
	FailureUnavailable
)

var failureKinds = [...]string{
	"bad-request", "unauthorized", "forbidden", "not-found", "method-not-allowed", "conflict",
	"too-many-requests", "internal", "unavailable",
}

// String returns the kind's name in WIT, for example bad-request.
func (k FailureKind) String() string {
	return nameOf(failureKinds[:], int(k))
}

// Failure is the error of a failed request: a kind for programs and a message for people.
//
// Any other error from a handler becomes a failure of kind [FailureInternal], or
// [FailureUnavailable] if its chain contains a [CacheError] of kind [CacheUnavailable] or an
// [HTTPError] of kind [HTTPUnreachable], [HTTPTimeout] or [HTTPAborted]. A wrapped Failure keeps
// its kind and headers, and gets the message of the outermost error.
type Failure struct {
	// Kind is for programs.
	Kind FailureKind
	// Message is for people: the failed operation, the invalid value, and the fix.
	Message string

	headers []Header
}

// Error returns the message.
func (f *Failure) Error() string {
	return f.Message
}

// WithHeader returns a copy with an additional header, which an HTTP client receives:
//
//	return hostel.TooManyRequests("at most 5 calls a minute").WithHeader("Retry-After", "60")
//
// The name is converted to lower case; existing headers of that name stay. The SDK sends a failure
// with headers to the host as a response, with the body that the host would write for the failure.
// For a request that was not made over HTTP, the headers are dropped.
func (f *Failure) WithHeader(name, value string) *Failure {
	return &Failure{f.Kind, f.Message, withHeader(f.headers, name, value)}
}

// BadRequest returns a failure of kind [FailureBadRequest]: the request is malformed. The arguments
// are those of [fmt.Sprintf], here and in the functions below.
func BadRequest(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureBadRequest, Message: fmt.Sprintf(format, arguments...)}
}

// Unauthorized returns a failure of kind [FailureUnauthorized]: the caller is not authenticated.
func Unauthorized(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureUnauthorized, Message: fmt.Sprintf(format, arguments...)}
}

// Forbidden returns a failure of kind [FailureForbidden]: the caller has no permission.
func Forbidden(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureForbidden, Message: fmt.Sprintf(format, arguments...)}
}

// NotFound returns a failure of kind [FailureNotFound]: the requested resource does not exist.
func NotFound(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureNotFound, Message: fmt.Sprintf(format, arguments...)}
}

// MethodNotAllowed returns a failure of kind [FailureMethodNotAllowed]: the service does not
// support the method.
func MethodNotAllowed(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureMethodNotAllowed, Message: fmt.Sprintf(format, arguments...)}
}

// Conflict returns a failure of kind [FailureConflict]: the request conflicts with the current
// state.
func Conflict(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureConflict, Message: fmt.Sprintf(format, arguments...)}
}

// TooManyRequests returns a failure of kind [FailureTooManyRequests]: the caller sends too many
// requests.
func TooManyRequests(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureTooManyRequests, Message: fmt.Sprintf(format, arguments...)}
}

// Internal returns a failure of kind [FailureInternal]: the service failed, for example because of
// a bug.
func Internal(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureInternal, Message: fmt.Sprintf(format, arguments...)}
}

// Unavailable returns a failure of kind [FailureUnavailable]: a dependency of the service is
// unavailable.
func Unavailable(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureUnavailable, Message: fmt.Sprintf(format, arguments...)}
}

// failureOf converts a handler's error to a failure by the rules of [Failure].
func failureOf(err error) *Failure {
	var failure *Failure
	if errors.As(err, &failure) && failure != nil {
		return &Failure{failure.Kind, err.Error(), failure.headers}
	}
	var refused *CacheError
	if errors.As(err, &refused) && refused != nil && refused.Kind == CacheUnavailable {
		return &Failure{Kind: FailureUnavailable, Message: err.Error()}
	}
	var unsent *HTTPError
	if errors.As(err, &unsent) && unsent != nil && unsent.isUnavailable() {
		return &Failure{Kind: FailureUnavailable, Message: err.Error()}
	}
	return &Failure{Kind: FailureInternal, Message: err.Error() + adviceOn(err)}
}

// adviceOn returns the fix for an error of the standard library whose cause is specific to plugins,
// or an empty text for any other error.
func adviceOn(err error) string {
	if strings.Contains(err.Error(), "unknown time zone ") {
		return `: a plugin has no zones of the system: import _ "time/tzdata" to bring them (400 kB)`
	}
	return ""
}

func nameOf(names []string, index int) string {
	if index >= len(names) {
		return fmt.Sprintf("unknown (%d)", index)
	}
	return names[index]
}
