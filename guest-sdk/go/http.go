package hostel

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// HTTP sends outbound requests.
//
//	response, err := ctx.HTTP.Get("https://api.example.com/rates", hostel.WithTimeout(2*time.Second))
//	if err != nil {
//		return nil, err
//	}
//	var rates Rates
//	err = response.JSON(&rates)
//
// A plugin can only reach the addresses that the host's configuration allows:
//
//	[plugins.NAME.http]
//	allow = ["https://api.example.com"]
//
// Each method waits for the whole response. A status of 400 or more is not an error; see
// [HTTPResponse.ErrorForStatus]. By default up to 5 redirects are followed; see [WithRedirects].
// Every error of these methods is a *[HTTPError].
//
// The host sends concurrent requests of several goroutines in parallel:
//
//	var group sync.WaitGroup
//	for i, url := range urls {
//		group.Go(func() { responses[i], errs[i] = ctx.HTTP.Get(url) })
//	}
//	group.Wait()
//
// [HTTP.SendMany] sends several requests in parallel without goroutines.
type HTTP struct {
	host host
}

// Get sends a GET request.
func (h HTTP) Get(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("GET", url, options...))
}

// Head sends a HEAD request.
func (h HTTP) Head(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("HEAD", url, options...))
}

// Options sends an OPTIONS request.
func (h HTTP) Options(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("OPTIONS", url, options...))
}

// Post sends a POST request.
//
//	response, err := ctx.HTTP.Post("https://api.example.com/orders", hostel.WithJSON(order))
func (h HTTP) Post(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("POST", url, options...))
}

// Put sends a PUT request.
func (h HTTP) Put(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("PUT", url, options...))
}

// Patch sends a PATCH request.
func (h HTTP) Patch(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("PATCH", url, options...))
}

// Delete sends a DELETE request.
func (h HTTP) Delete(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("DELETE", url, options...))
}

// Send sends a request.
func (h HTTP) Send(request OutgoingRequest) (*HTTPResponse, error) {
	result := h.SendMany(request)[0]
	return result.Response, result.Err
}

// HTTPResult is the outcome of one request of [HTTP.SendMany]: a response or an error.
type HTTPResult struct {
	Response *HTTPResponse
	Err      error
}

// SendMany sends requests in parallel and waits for all of them. The results are in the order of
// the requests. The size limit of a single response applies to the sum of all responses.
func (h HTTP) SendMany(requests ...OutgoingRequest) []HTTPResult {
	results := make([]HTTPResult, len(requests))
	sendings := make([]*sending, 0, len(requests))
	for i, request := range requests {
		if err := request.check(); err != nil {
			results[i].Err = err
			continue
		}
		sendings = append(sendings, &sending{request: request, result: &results[i]})
	}
	if len(sendings) > 0 {
		h.host.send(sendings)
	}
	return results
}

const defaultRedirects = 5

// OutgoingRequest is an outbound request; [NewOutgoingRequest] creates one.
type OutgoingRequest struct {
	// Method is sent as given, for example GET.
	Method string
	// URL is absolute, with the scheme http or https.
	URL string
	// Headers may repeat a name. Headers of the same name are sent in this order.
	Headers []Header
	// Body is empty for a request without a body.
	Body []byte
	// Timeout is the time limit, including redirects. The maximum is the call's remaining time minus
	// 100 milliseconds. Zero means the maximum.
	Timeout time.Duration
	// Redirects is the maximum number of redirects to follow, 0 to 255. [NewOutgoingRequest] sets 5.
	// With zero, a redirect is returned as the response.
	Redirects int

	// The error of an invalid option, or nil. [HTTP.Send] and [HTTP.SendMany] return this error.
	flaw error
}

// NewOutgoingRequest returns a request with these options. Without [WithRedirects], the host
// follows up to 5 redirects.
func NewOutgoingRequest(method, url string, options ...HTTPOption) OutgoingRequest {
	request := OutgoingRequest{Method: method, URL: url, Redirects: defaultRedirects}
	contentType := ""
	for _, option := range options {
		if option.apply != nil {
			option.apply(&request, &contentType)
		}
	}
	if contentType != "" && len(valuesOf(request.Headers, "content-type")) == 0 {
		request.Headers = append(request.Headers, Header{"content-type", []byte(contentType)})
	}
	return request
}

// HTTPOption changes a request. It is created by [WithHeader], [WithJSON], [WithText], [WithForm],
// [WithBody], [WithTimeout] and [WithRedirects].
type HTTPOption struct {
	// apply changes the request. An option that sets the body also sets contentType, which is used if
	// no header sets a content type.
	apply func(request *OutgoingRequest, contentType *string)
}

// WithHeader adds a header. Names may repeat.
func WithHeader(name, value string) HTTPOption {
	return HTTPOption{func(request *OutgoingRequest, _ *string) {
		request.Headers = append(request.Headers, Header{name, []byte(value)})
	}}
}

// WithJSON sets the body to the value's JSON, by the rules of [JSON]. The content-type is
// application/json unless [WithHeader] sets another. A value without a JSON form fails with
// [HTTPInvalidRequest] when the request is sent.
func WithJSON(value any) HTTPOption {
	return HTTPOption{func(request *OutgoingRequest, contentType *string) {
		text, err := toJSON(value)
		if err != nil {
			request.flaw = invalidf("the body of a request to %s has no JSON form: %v",
				shortened(withoutQuery(request.URL)), err)
		}
		request.Body, *contentType = text, "application/json"
	}}
}

// WithText sets the body to a text. The content-type is text/plain; charset=utf-8 unless
// [WithHeader] sets another.
func WithText(text string) HTTPOption {
	return WithBody("text/plain; charset=utf-8", []byte(text))
}

// WithBody sets the body. The content-type is contentType unless [WithHeader] sets another.
func WithBody(contentType string, body []byte) HTTPOption {
	return HTTPOption{func(request *OutgoingRequest, ofBody *string) {
		request.Body, *ofBody = body, contentType
	}}
}

// WithForm sets the body to a form of the content type application/x-www-form-urlencoded, with the
// fields sorted by name. A [net/url.Values] is accepted.
func WithForm(fields map[string][]string) HTTPOption {
	return WithBody(formType, formOf(fields))
}

// WithTimeout limits the time of a request, including redirects. The timeout must be more than 0.
func WithTimeout(timeout time.Duration) HTTPOption {
	return HTTPOption{func(request *OutgoingRequest, _ *string) {
		if timeout == 0 {
			request.flaw = invalidf("a timeout of 0s: it must be more than 0; omit WithTimeout for the call's remaining time")
		}
		request.Timeout = timeout
	}}
}

// WithRedirects sets the maximum number of redirects to follow: 0 to 255. With zero, a redirect is
// returned as the response.
func WithRedirects(redirects int) HTTPOption {
	return HTTPOption{func(request *OutgoingRequest, _ *string) { request.Redirects = redirects }}
}

// check refuses a request with an invalid option or an invalid field, without a call to the host.
// The host checks the other rules.
func (r *OutgoingRequest) check() error {
	switch {
	case r.flaw != nil:
		return r.flaw
	case !utf8.ValidString(r.Method):
		return invalidf("a method of %s: it must be UTF-8", shortened(r.Method))
	case !utf8.ValidString(r.URL):
		return invalidf("a URL of %s: it must be UTF-8", shortened(withoutQuery(r.URL)))
	case r.Timeout < 0:
		return invalidf("a timeout of %v: it must not be negative", r.Timeout)
	case r.Redirects < 0 || r.Redirects > math.MaxUint8:
		return invalidf("redirects of %d: they must be 0 to %d", r.Redirects, math.MaxUint8)
	}
	for _, header := range r.Headers {
		if !utf8.ValidString(header.Name) {
			return invalidf("a header name of %s: it must be UTF-8", shortened(header.Name))
		}
		// Omit the value from the error: it may be a secret.
		if at := strings.IndexAny(string(header.Value), "\r\n\x00"); at >= 0 {
			return invalidf("the value of the header %s has %q at byte %d: "+
				"it must have no line break and no NUL", shortened(header.Name), header.Value[at], at)
		}
	}
	return nil
}

// timeoutMillis returns the timeout in milliseconds, rounded up, or 0 if there is no timeout.
func (r *OutgoingRequest) timeoutMillis() uint32 {
	whole := r.Timeout / time.Millisecond
	if r.Timeout%time.Millisecond > 0 {
		whole++
	}
	return uint32(min(whole, math.MaxUint32))
}

// withoutQuery removes the query and the fragment from a URL, because they may contain credentials.
func withoutQuery(url string) string {
	if end := strings.IndexAny(url, "?#"); end >= 0 {
		return url[:end]
	}
	return url
}

// HTTPErrorKind is the reason why a request failed. No kinds will be added.
type HTTPErrorKind uint8

const (
	// HTTPInvalidRequest: the request is invalid, or plugins may not send such a request.
	HTTPInvalidRequest HTTPErrorKind = iota
	// HTTPDenied: the plugin has no permission for this address, or for more requests in this call.
	HTTPDenied
	// HTTPUnreachable: the connection to the server failed, and nothing was sent to this server.
	// After a redirect, the redirecting server has processed its request.
	HTTPUnreachable
	// HTTPTimeout: the request timed out. The server may have processed it.
	HTTPTimeout
	// HTTPTooLarge: the response has too many headers; it is larger than the host allows, alone or
	// together with the responses to parallel requests; or the host has too little memory for it.
	HTTPTooLarge
	// HTTPAborted: the response is missing, incomplete or not valid HTTP. Also if a redirect has an
	// invalid target, there are too many redirects, or the host repeated the request and could not
	// connect again. The server may have processed the request.
	HTTPAborted
)

var httpErrorKinds = [...]string{
	"invalid-request", "denied", "unreachable", "timeout", "too-large", "aborted",
}

// String returns the kind's name in WIT, for example invalid-request.
func (k HTTPErrorKind) String() string {
	return nameOf(httpErrorKinds[:], int(k))
}

// HTTPError is the error of a request without a complete response.
//
// A handler that returns it fails with a [Failure] of kind [FailureUnavailable] for
// [HTTPUnreachable], [HTTPTimeout] and [HTTPAborted], and of kind [FailureInternal] for every other
// kind.
type HTTPError struct {
	// Kind is for programs.
	Kind HTTPErrorKind
	// Message is for people. It contains the reason or limit. If a setting would allow the request,
	// the message names this setting.
	Message string
}

// Error returns the message.
func (e *HTTPError) Error() string {
	return e.Message
}

// isUnavailable returns true if a handler that returns this error fails with [FailureUnavailable].
func (e *HTTPError) isUnavailable() bool {
	return e.Kind == HTTPUnreachable || e.Kind == HTTPTimeout || e.Kind == HTTPAborted
}

func invalidf(format string, arguments ...any) error {
	return &HTTPError{HTTPInvalidRequest, fmt.Sprintf(format, arguments...)}
}
