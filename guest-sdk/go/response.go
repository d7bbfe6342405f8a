package hostel

import "strings"

// Response is the response of a service.
//
// Most handlers return any other value instead, which becomes [JSON]. The fields are open to read
// and to change; what HTTP does not allow (a header of the connection, say) the host refuses.
type Response struct {
	// Status is a status code of HTTP, 200 to 599.
	Status int
	// ContentType is the media type of the body; empty for none. It wins over a header of that
	// name.
	ContentType string
	// Headers have names in lower case; a name may occur more than once.
	Headers []Header
	// Body is empty when there is none.
	Body []byte
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
	headers := make([]Header, 0, len(r.Headers)+1)
	headers = append(headers, r.Headers...)
	r.Headers = append(headers, Header{strings.ToLower(name), []byte(value)})
	return r
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
	if response.Status < minStatus || response.Status > maxStatus {
		return Response{}, Internal("the service answered status %d: it must be %d to %d",
			response.Status, minStatus, maxStatus)
	}
	return response, nil
}
