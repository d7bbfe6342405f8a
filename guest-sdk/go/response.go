package hostel

import "unicode/utf8"

// Response is the response of a service.
//
// Most handlers return a value of another type instead, which the SDK sends as [JSON]. A handler
// may change the fields directly. A response that HTTP does not allow (for example with a line
// break in a header, or with a header reserved for the server) becomes a [Failure] of kind
// [FailureInternal].
type Response struct {
	// Status is the HTTP status code, 200 to 599.
	Status int
	// ContentType is the media type of the body; empty for none. It overrides a content-type
	// header.
	ContentType string
	// Headers are sent with names in lower case; names may repeat.
	Headers []Header
	// Body may be empty.
	Body []byte

	isRedirect bool
	// The error of an invalid cookie.
	flaw error
}

// JSON returns a response with status 200 and the value as application/json, by the rules of
// encoding/json, with two exceptions: <, > and & are not escaped, and .0 is appended to a large
// float that is written with digits only.
//
// The error is a [Failure] of kind [FailureInternal] when the value has no JSON form, for example
// because it contains a NaN, a function, a cycle, or text that is not UTF-8.
func JSON(value any) (Response, error) {
	text, err := toJSON(value)
	if err != nil {
		return Response{}, Internal("the response has no JSON form: %v", err)
	}
	return Response{Status: 200, ContentType: "application/json", Body: text}, nil
}

// Text returns a response with status 200 and a plain text.
func Text(text string) Response {
	return Response{Status: 200, ContentType: "text/plain; charset=utf-8", Body: []byte(text)}
}

// Bytes returns a response with status 200 and bytes of no particular type; see
// [Response.WithContentType].
func Bytes(body []byte) Response {
	return Response{Status: 200, ContentType: "application/octet-stream", Body: body}
}

// Empty returns a response with status 204 and no body, like a handler that returns struct{}.
func Empty() Response {
	return Response{Status: 204}
}

// Redirect returns a response with status 303, which makes the client send a GET to the location: a
// URL or a path. [Response.WithStatus] sets another status. 301 and 308 are permanent. With 307 and
// 308 the client keeps its method and body.
func Redirect(location string) Response {
	response := Response{Status: 303, isRedirect: true}
	return response.WithHeader("location", location)
}

// WithStatus returns a copy with another status.
func (r Response) WithStatus(status int) Response {
	r.Status = status
	return r
}

// WithContentType returns a copy with another media type.
func (r Response) WithContentType(contentType string) Response {
	r.ContentType = contentType
	return r
}

// WithHeader returns a copy with an additional header. The name is converted to lower case;
// existing headers of that name stay.
func (r Response) WithHeader(name, value string) Response {
	r.Headers = withHeader(r.Headers, name, value)
	return r
}

// WithCookie returns a copy with an additional cookie. An invalid cookie becomes a [Failure] of
// kind [FailureInternal] after the handler returns.
func (r Response) WithCookie(cookie Cookie) Response {
	if err := cookie.check(); err != nil {
		r.flaw = err
		return r
	}
	return r.WithHeader("set-cookie", cookie.text())
}

// Header returns the value of a header; its name is case-insensitive. The values of several fields
// are joined by a comma and a blank. The text is empty when the header is missing or a field is not
// UTF-8. Header does not read ContentType. Use [Response.HeaderValues] for set-cookie, because its
// values contain commas.
func (r Response) Header(name string) string {
	return joined(r.Headers, name)
}

// HeaderValues returns the value of each header field of that name, in order. The name is
// case-insensitive. HeaderValues omits values that are not UTF-8.
func (r Response) HeaderValues(name string) []string {
	return valuesOf(r.Headers, name)
}

// responseOf converts a handler's result to a response.
func responseOf(answer any) (Response, error) {
	response := Response{}
	switch answer := answer.(type) {
	case Response:
		response = answer
	case *Response:
		if answer == nil {
			return response, Internal("the service returned a nil *Response")
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

// check refuses a response that is not valid HTTP, and converts header names to lower case.
func (r *Response) check() (err error) {
	switch {
	case r.flaw != nil:
		return r.flaw
	case r.isRedirect && !isRedirect(r.Status):
		return Internal("a redirect of status %d: it must be 301, 302, 303, 307 or 308", r.Status)
	case r.Status < minStatus || r.Status > maxStatus:
		return Internal("the service returned status %d: it must be from %d to %d",
			r.Status, minStatus, maxStatus)
	}
	for i := range len(r.ContentType) {
		if c := r.ContentType[i]; isControlInValue(c) {
			return Internal(`the response header "content-type": its value contains a control character`)
		} else if c >= utf8.RuneSelf {
			return Internal(`the response header "content-type": its value contains a non-ASCII character`)
		}
	}
	r.Headers, err = checkedHeaders(r.Headers)
	return err
}

func isRedirect(status int) bool {
	return status >= 301 && status <= 303 || status == 307 || status == 308
}
