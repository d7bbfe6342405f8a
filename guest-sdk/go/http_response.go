package hostel

import (
	"fmt"
	"unicode/utf8"
)

// HTTPResponse is the response of a server elsewhere, whole.
type HTTPResponse struct {
	// Status is a status code of HTTP.
	Status int
	// URL is the one that answered: the last one where redirects were followed.
	URL string
	// Headers are in the order they came, names in lower case; a name may occur more than once.
	Headers []Header
	// Body is as it was sent: a compressed one stays so.
	Body []byte
}

// Header is the header of that name, in any case: the values of several fields are joined by a
// comma and a blank. It is empty when there is none, and when one is not UTF-8. Read set-cookie by
// [HTTPResponse.HeaderValues]: its values have commas of their own.
func (r *HTTPResponse) Header(name string) string {
	return joined(r.Headers, name)
}

// HeaderValues are the values of the fields of that name, in any case, in their order. Those that
// are not UTF-8 are left out.
func (r *HTTPResponse) HeaderValues(name string) []string {
	return valuesOf(r.Headers, name)
}

// OK is true for a status of 200 to 299.
func (r *HTTPResponse) OK() bool {
	return r.Status >= 200 && r.Status < 300
}

// ErrorForStatus is nil unless the status is 400 or more. The error is a [Failure]: of kind
// [FailureUnavailable] for 429 and from 500 on, [FailureInternal] for the others.
func (r *HTTPResponse) ErrorForStatus() error {
	switch {
	case r.Status < 400:
		return nil
	case r.Status == 429 || r.Status >= 500:
		return Unavailable("%s answered with status %d", withoutQuery(r.URL), r.Status)
	}
	return Internal("%s answered with status %d", withoutQuery(r.URL), r.Status)
}

// Text is the body as a text. The error, a [Failure] of kind [FailureInternal], says that it is not
// UTF-8.
func (r *HTTPResponse) Text() (string, error) {
	if !utf8.Valid(r.Body) {
		return "", Internal("%s (status %d): the body is not UTF-8", withoutQuery(r.URL), r.Status)
	}
	return string(r.Body), nil
}

// JSON reads the body into what target points to, by the rules of [Request.JSON], whatever its
// media type and whatever the status.
//
// Every error is a [Failure] of kind [FailureInternal] that tells the line and the column.
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
