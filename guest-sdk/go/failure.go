package hostel

import (
	"errors"
	"fmt"
	"strings"
)

// FailureKind is one of the kinds of failure that a service may answer. The set is closed.
type FailureKind uint8

const (
	// FailureBadRequest: the request is malformed; the same request will fail again. 400 over HTTP.
	FailureBadRequest FailureKind = iota
	// FailureUnauthorized: the caller is not known. 401.
	FailureUnauthorized
	// FailureForbidden: the caller is known and may not. 403.
	FailureForbidden
	// FailureNotFound: what the request names is not there. 404.
	FailureNotFound
	// FailureMethodNotAllowed: the service does not do this with that method. 405.
	FailureMethodNotAllowed
	// FailureConflict: the request does not fit the present state. 409.
	FailureConflict
	// FailureTooManyRequests: the caller asks too often. 429.
	FailureTooManyRequests
	// FailureInternal: the service has a fault. 500.
	FailureInternal
	// FailureUnavailable: something that the service needs is not there at present. 503.
	FailureUnavailable
)

var failureKinds = [...]string{
	"bad-request", "unauthorized", "forbidden", "not-found", "method-not-allowed", "conflict",
	"too-many-requests", "internal", "unavailable",
}

// String is the kind as the contract spells it, bad-request for example.
func (k FailureKind) String() string {
	return nameOf(failureKinds[:], int(k))
}

// Failure is a request that a service did not fulfil: a kind for programs, a message for a person.
//
// A handler that returns any other error answers a failure of kind [FailureInternal], unless in its
// chain is a [CacheError] of kind [CacheUnavailable], or an [HTTPError] of kind [HTTPUnreachable],
// [HTTPTimeout] or [HTTPAborted]: then it is [FailureUnavailable]. A Failure that was wrapped keeps
// its kind and its headers, and the message is the outermost error's.
type Failure struct {
	// Kind is what a caller can act upon.
	Kind FailureKind
	// Message tells what was being done, with which value, and what would help.
	Message string

	headers []Header
}

// Error is the message.
func (f *Failure) Error() string {
	return f.Message
}

// WithHeader is the same with one more header, which the client gets when the request came by HTTP:
//
//	return hostel.TooManyRequests("at most 5 calls a minute").WithHeader("Retry-After", "60")
//
// The name is put in lower case; headers of that name stay. To the host, such a failure is a
// response with the body that it makes of a failure itself. Without HTTP the headers are left out.
func (f *Failure) WithHeader(name, value string) *Failure {
	return &Failure{f.Kind, f.Message, withHeader(f.headers, name, value)}
}

// BadRequest says that the request is malformed. The arguments are those of [fmt.Sprintf], here and
// in the functions below.
func BadRequest(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureBadRequest, Message: fmt.Sprintf(format, arguments...)}
}

// Unauthorized says that the caller is not known.
func Unauthorized(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureUnauthorized, Message: fmt.Sprintf(format, arguments...)}
}

// Forbidden says that the caller is known and may not.
func Forbidden(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureForbidden, Message: fmt.Sprintf(format, arguments...)}
}

// NotFound says that what the request names is not there.
func NotFound(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureNotFound, Message: fmt.Sprintf(format, arguments...)}
}

// MethodNotAllowed says that the service does not do this with that method.
func MethodNotAllowed(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureMethodNotAllowed, Message: fmt.Sprintf(format, arguments...)}
}

// Conflict says that the request does not fit the present state.
func Conflict(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureConflict, Message: fmt.Sprintf(format, arguments...)}
}

// TooManyRequests says that the caller asks too often.
func TooManyRequests(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureTooManyRequests, Message: fmt.Sprintf(format, arguments...)}
}

// Internal says that the service has a fault.
func Internal(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureInternal, Message: fmt.Sprintf(format, arguments...)}
}

// Unavailable says that something the service needs is not there at present.
func Unavailable(format string, arguments ...any) *Failure {
	return &Failure{Kind: FailureUnavailable, Message: fmt.Sprintf(format, arguments...)}
}

// failureOf is the failure that an error stands for.
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

// adviceOn is what follows an error of Go's own that means something else here.
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
