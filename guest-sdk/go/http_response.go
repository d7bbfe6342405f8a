package hostel

import (
	"fmt"
	"unicode/utf8"
)

// HTTPResponse is a remote server's complete response.
type HTTPResponse struct {
	// Status is the HTTP status code.
	Status int
	// URL is the final URL, after redirects.
	URL string
	// Headers have names in lower case, which may repeat. Headers of the same name are in the order
	// received.
	Headers []Header
	// Body is the body as received. It is not decompressed.
	Body []byte
}

// Header returns the value of a header; its name is case-insensitive. The values of several fields
// are joined by a comma and a blank. The text is empty when the header is missing or a field is not
// UTF-8. Use [HTTPResponse.HeaderValues] for set-cookie, because its values may contain commas.
func (r *HTTPResponse) Header(name string) string {
	return joined(r.Headers, name)
}

// HeaderValues returns the value of each header field of that name, in order. The name is
// case-insensitive. HeaderValues omits values that are not UTF-8.
func (r *HTTPResponse) HeaderValues(name string) []string {
	return valuesOf(r.Headers, name)
}

// OK reports whether the status is 200 to 299.
func (r *HTTPResponse) OK() bool {
	return r.Status >= 200 && r.Status < 300
}

// ErrorForStatus returns nil for a status below 400. Otherwise it returns a [Failure]: of kind
// [FailureUnavailable] for 429 and for 500 or more, and of kind [FailureInternal] for any other
// status.
func (r *HTTPResponse) ErrorForStatus() error {
	switch {
	case r.Status < 400:
		return nil
	case r.Status == 429 || r.Status >= 500:
		return Unavailable("%s responded with status %d", withoutQuery(r.URL), r.Status)
	}
	return Internal("%s responded with status %d", withoutQuery(r.URL), r.Status)
}

// Text returns the body as text. If the body is not UTF-8, the error is a [Failure] of kind
// [FailureInternal].
func (r *HTTPResponse) Text() (string, error) {
	if !utf8.Valid(r.Body) {
		return "", Internal("%s (status %d): the body is not UTF-8", withoutQuery(r.URL), r.Status)
	}
	return string(r.Body), nil
}

// JSON reads the body into the variable that target points to, by the rules of [Request.JSON], but
// an empty body is always an error. JSON ignores the media type and the status.
//
// Every error is a [Failure] of kind [FailureInternal]. If the position of the error is known, the
// message contains the line and the column.
func (r *HTTPResponse) JSON(target any) error {
	err := flawOf(r.Body, maxBodyDepth).asError(r.Body)
	if err == nil && isNull(r.Body) && !canBeNil(target) {
		err = misfitOfNull(r.Body, target)
	}
	if err == nil {
		err = fromJSON(r.Body, target)
	}
	if err != nil {
		subject := fmt.Sprintf("%s (status %d): the body", withoutQuery(r.URL), r.Status)
		return Internal("%s", withSubject(subject, err))
	}
	return nil
}
