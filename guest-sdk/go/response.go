package hostel

import "unicode/utf8"

// Response is the response of a service.
//
// Most handlers return any other value instead, which becomes [JSON]. The fields are open to read
// and to change. A response that HTTP does not allow (with a line break in a header, say, or with a
// header of the connection) becomes a [Failure] of kind [FailureInternal] that names the header.
type Response struct {
	// Status is a status code of HTTP, 200 to 599.
	Status int
	// ContentType is the media type of the body; empty for none. It wins over a header of that
	// name.
	ContentType string
	// Headers are sent with their names in lower case; a name may occur more than once.
	Headers []Header
	// Body is empty when there is none.
	Body []byte

	isRedirect bool
	// What is wrong with a cookie.
	flaw error
}

// JSON is status 200 and the value as application/json, by the rules of encoding/json, but for
// <, > and &, which stay as they are.
//
// The error, a [Failure] of kind [FailureInternal], says that the value has no JSON form: it holds
// a NaN or an infinity, a function or a channel, a cycle, or text that is not UTF-8.
func JSON(value any) (Response, error) {
	text, err := toJSON(value)
	if err != nil {
		return Response{}, Internal("the answer has no JSON form: %v", err)
	}
	return Response{Status: 200, ContentType: "application/json", Body: text}, nil
}

// Text is status 200 and a plain text.
func Text(text string) Response {
	return Response{Status: 200, ContentType: "text/plain; charset=utf-8", Body: []byte(text)}
}

// Bytes is status 200 and bytes of no particular type; see [Response.WithContentType].
func Bytes(body []byte) Response {
	return Response{Status: 200, ContentType: "application/octet-stream", Body: body}
}

// Empty is status 204 and no body: the response of a handler that returns struct{}.
func Empty() Response {
	return Response{Status: 204}
}

// Redirect is status 303, which makes the client GET the location, a URL or a path.
// [Response.WithStatus] sets another one: 301 or 302, or 307 or 308, which keep the method; 301 and
// 308 are for good.
func Redirect(location string) Response {
	response := Response{Status: 303, isRedirect: true}
	return response.WithHeader("location", location)
}

// WithStatus is the same with another status.
func (r Response) WithStatus(status int) Response {
	r.Status = status
	return r
}

// WithContentType is the same with another media type.
func (r Response) WithContentType(contentType string) Response {
	r.ContentType = contentType
	return r
}

// WithHeader is the same with one more header. The name is put in lower case; headers of that name
// stay.
func (r Response) WithHeader(name, value string) Response {
	r.Headers = withHeader(r.Headers, name, value)
	return r
}

// WithCookie is the same with one more cookie. An invalid cookie becomes a [Failure] of kind
// [FailureInternal] when the handler has returned.
func (r Response) WithCookie(cookie Cookie) Response {
	if err := cookie.check(); err != nil {
		r.flaw = err
		return r
	}
	return r.WithHeader("set-cookie", cookie.text())
}

// Header is the header of that name, in any case: the values of several fields are joined by a comma
// and a blank. It is empty when there is none, and when one is not UTF-8. The media type is in
// ContentType, not here. Read set-cookie by [Response.HeaderValues]: its values have commas of their
// own.
func (r Response) Header(name string) string {
	return joined(r.Headers, name)
}

// HeaderValues are the values of the fields of that name, in any case, in their order. Those that
// are not UTF-8 are left out.
func (r Response) HeaderValues(name string) []string {
	return valuesOf(r.Headers, name)
}

// responseOf is the response that a handler's result becomes.
func responseOf(answer any) (Response, error) {
	response := Response{}
	switch answer := answer.(type) {
	case Response:
		response = answer
	case *Response:
		if answer == nil {
			return response, Internal("the service answered a *Response that is nil")
		}
		response = *answer
	case struct{}:
		return Empty(), nil
	default:
		return JSON(answer)
	}
	if err := response.check(); err != nil {
		return Response{}, err
	}
	return response, nil
}

// check refuses what is not a response of HTTP, and puts the names of headers in lower case.
func (r *Response) check() (err error) {
	switch {
	case r.flaw != nil:
		return r.flaw
	case r.isRedirect && !isRedirect(r.Status):
		return Internal("a redirect of status %d: it must be 301, 302, 303, 307 or 308", r.Status)
	case r.Status < minStatus || r.Status > maxStatus:
		return Internal("the service answered status %d: it must be %d to %d",
			r.Status, minStatus, maxStatus)
	}
	for i := range len(r.ContentType) {
		if c := r.ContentType[i]; isControlInValue(c) {
			return Internal(`the response header "content-type": its value has a control character`)
		} else if c >= utf8.RuneSelf {
			return Internal(`the response header "content-type": its value has a character beyond ASCII`)
		}
	}
	r.Headers, err = checkedHeaders(r.Headers)
	return err
}

func isRedirect(status int) bool {
	return status >= 301 && status <= 303 || status == 307 || status == 308
}
