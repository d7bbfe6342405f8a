package hostel

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// HTTP sends requests to servers elsewhere.
//
//	response, err := ctx.HTTP.Get("https://api.example.com/rates", hostel.WithTimeout(2*time.Second))
//	if err != nil {
//		return nil, err
//	}
//	var rates Rates
//	err = response.JSON(&rates)
//
// A plugin reaches the addresses that the host's configuration names for it, and no other:
//
//	[plugins.NAME.http]
//	allow = ["https://api.example.com"]
//
// Each method waits for the whole response. A status of 400 or more is a response as well, see
// [HTTPResponse.ErrorForStatus]. Up to 5 redirects are followed unless [WithRedirects] changes that.
// Every error is a *[HTTPError].
//
// The requests of several goroutines that wait at the same time are sent at the same time:
//
//	var group sync.WaitGroup
//	for i, url := range urls {
//		group.Go(func() { responses[i], errs[i] = ctx.HTTP.Get(url) })
//	}
//	group.Wait()
//
// [HTTP.SendMany] does so without goroutines.
type HTTP struct {
	host host
}

// Get sends a GET.
func (h HTTP) Get(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("GET", url, options...))
}

// Head sends a HEAD.
func (h HTTP) Head(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("HEAD", url, options...))
}

// Options sends an OPTIONS.
func (h HTTP) Options(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("OPTIONS", url, options...))
}

// Post sends a POST.
//
//	response, err := ctx.HTTP.Post("https://api.example.com/orders", hostel.WithJSON(order))
func (h HTTP) Post(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("POST", url, options...))
}

// Put sends a PUT.
func (h HTTP) Put(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("PUT", url, options...))
}

// Patch sends a PATCH.
func (h HTTP) Patch(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("PATCH", url, options...))
}

// Delete sends a DELETE.
func (h HTTP) Delete(url string, options ...HTTPOption) (*HTTPResponse, error) {
	return h.Send(NewOutgoingRequest("DELETE", url, options...))
}

// Send sends a request.
func (h HTTP) Send(request OutgoingRequest) (*HTTPResponse, error) {
	result := h.SendMany(request)[0]
	return result.Response, result.Err
}

// HTTPResult is what came of one request of [HTTP.SendMany]: a response or an error.
type HTTPResult struct {
	Response *HTTPResponse
	Err      error
}

// SendMany sends requests at the same time and waits for all. The results are in the order of the
// requests. The responses together may have as many bytes as one.
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

// defaultRedirects is how many redirects are followed unless a request says otherwise.
const defaultRedirects = 5

// OutgoingRequest is a request to a server elsewhere; [NewOutgoingRequest] makes one.
type OutgoingRequest struct {
	// Method is as it is sent, GET for example.
	Method string
	// URL is absolute, of the scheme http or https.
	URL string
	// Headers are in the order in which they are sent; a name may occur more than once.
	Headers []Header
	// Body is empty when there is none.
	Body []byte
	// Timeout is how long the request may take, redirects included. Zero, and at most: what is left
	// of the call's time.
	Timeout time.Duration
	// Redirects is how many to follow, at most 255. [NewOutgoingRequest] sets 5. With zero a
	// redirect is a response as any other.
	Redirects int

	// What is wrong with an option.
	flaw error
}

// NewOutgoingRequest is a request with these options, which follows 5 redirects.
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

// HTTPOption changes a request: [WithHeader], [WithJSON], [WithText], [WithForm], [WithBody],
// [WithTimeout] and [WithRedirects] make one.
type HTTPOption struct {
	// The content type is used where no header has one.
	apply func(request *OutgoingRequest, contentType *string)
}

// WithHeader adds a header. A name may occur more than once.
func WithHeader(name, value string) HTTPOption {
	return HTTPOption{func(request *OutgoingRequest, _ *string) {
		request.Headers = append(request.Headers, Header{name, []byte(value)})
	}}
}

// WithJSON makes the value the body, by the rules of [JSON]. The content-type is application/json
// unless [WithHeader] sets another. A value without a JSON form is [HTTPInvalidRequest] when the
// request is sent.
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

// WithText makes a text the body. The content-type is text/plain; charset=utf-8 unless [WithHeader]
// sets another.
func WithText(text string) HTTPOption {
	return WithBody("text/plain; charset=utf-8", []byte(text))
}

// WithBody makes bytes the body. The content-type is this one unless [WithHeader] sets another.
func WithBody(contentType string, body []byte) HTTPOption {
	return HTTPOption{func(request *OutgoingRequest, ofBody *string) {
		request.Body, *ofBody = body, contentType
	}}
}

// WithForm makes a form the body, of the content type application/x-www-form-urlencoded, with its
// fields in the order of their names. A [net/url.Values] is one.
func WithForm(fields map[string][]string) HTTPOption {
	return WithBody(formType, formOf(fields))
}

// WithTimeout bounds the time of a request, redirects included.
func WithTimeout(timeout time.Duration) HTTPOption {
	return HTTPOption{func(request *OutgoingRequest, _ *string) {
		if timeout == 0 {
			request.flaw = invalidf("a timeout of 0s: it must be longer; leave WithTimeout out for none")
		}
		request.Timeout = timeout
	}}
}

// WithRedirects is how many redirects to follow: 0 to 255. With zero a redirect is a response as any
// other.
func WithRedirects(redirects int) HTTPOption {
	return HTTPOption{func(request *OutgoingRequest, _ *string) { request.Redirects = redirects }}
}

// check refuses what the host's interface cannot take.
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
		// The value is left out: it may be a secret.
		if at := strings.IndexAny(string(header.Value), "\r\n\x00"); at >= 0 {
			return invalidf("the value of the header %s has %q at byte %d: "+
				"it must have no line break and no NUL", shortened(header.Name), header.Value[at], at)
		}
	}
	return nil
}

// timeoutMillis is the timeout in milliseconds, at least one; 0 for none.
func (r *OutgoingRequest) timeoutMillis() uint32 {
	whole := r.Timeout / time.Millisecond
	if r.Timeout%time.Millisecond > 0 {
		whole++
	}
	return uint32(min(whole, math.MaxUint32))
}

// withoutQuery leaves out the part of a URL that may have credentials.
func withoutQuery(url string) string {
	if end := strings.IndexAny(url, "?#"); end >= 0 {
		return url[:end]
	}
	return url
}

// HTTPErrorKind is why a request has no response. The set is closed.
type HTTPErrorKind uint8

const (
	// HTTPInvalidRequest: the request is no request of HTTP, or one that a plugin cannot make.
	HTTPInvalidRequest HTTPErrorKind = iota
	// HTTPDenied: the plugin has no permission for this address, or for more requests in this call.
	HTTPDenied
	// HTTPUnreachable: no connection to the server was made. Nothing of the request was sent.
	HTTPUnreachable
	// HTTPTimeout: the time is over. The server may have done what it was asked for.
	HTTPTimeout
	// HTTPTooLarge: the response is larger than the host allows.
	HTTPTooLarge
	// HTTPAborted: the response was not whole, or no HTTP. The server may have done what it was
	// asked for.
	HTTPAborted
)

var httpErrorKinds = [...]string{
	"invalid-request", "denied", "unreachable", "timeout", "too-large", "aborted",
}

// String is the kind as the contract spells it, invalid-request for example.
func (k HTTPErrorKind) String() string {
	return nameOf(httpErrorKinds[:], int(k))
}

// HTTPError is a request without a response.
//
// Returned by a handler it becomes a [Failure]: [HTTPUnreachable], [HTTPTimeout] and [HTTPAborted]
// become [FailureUnavailable], every other kind [FailureInternal].
type HTTPError struct {
	// Kind is for programs.
	Kind HTTPErrorKind
	// Message is for people: the URL, and the reason or limit; where a setting would allow the
	// request, the setting.
	Message string
}

// Error is the message.
func (e *HTTPError) Error() string {
	return e.Message
}

// isUnavailable is true where the server may answer the same request later.
func (e *HTTPError) isUnavailable() bool {
	return e.Kind == HTTPUnreachable || e.Kind == HTTPTimeout || e.Kind == HTTPAborted
}

func invalidf(format string, arguments ...any) error {
	return &HTTPError{HTTPInvalidRequest, fmt.Sprintf(format, arguments...)}
}
