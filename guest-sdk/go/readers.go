package hostel

import (
	"math"
	"strconv"
	"strings"
)

// Methods that return parts of a request. A part is parsed only when it is needed.

const formType = "application/x-www-form-urlencoded"

// Header returns the value of a header; its name is case-insensitive. The values of several fields
// are joined by a comma and a blank, or for the Cookie header by a semicolon and a blank. The text
// is empty when the header is missing, a field is not UTF-8, or the request was not made over HTTP.
func (r *Request) Header(name string) string {
	return joined(r.headers(), name)
}

// HeaderValues returns the value of each header field of that name, in order. The name is
// case-insensitive. HeaderValues omits values that are not UTF-8.
func (r *Request) HeaderValues(name string) []string {
	return valuesOf(r.headers(), name)
}

func (r *Request) headers() []Header {
	if r.HTTP == nil {
		return nil
	}
	return r.HTTP.Headers
}

// ClientAddress returns the client's IP address without the port, for example 192.0.2.1 or
// 2001:db8::1. The text is empty when the request was not made over HTTP. Behind a proxy this is
// the client's address only if the host's configuration lists the proxy in server.trusted-proxies;
// otherwise it is the proxy's address.
func (r *Request) ClientAddress() string {
	if r.HTTP == nil {
		return ""
	}
	address, bracketed := strings.CutPrefix(r.HTTP.Client, "[")
	if bracketed {
		address, _, _ = strings.Cut(address, "]")
	} else {
		address, _, _ = strings.Cut(address, ":")
	}
	return address
}

// Query returns the first value of that query parameter, decoded. The text is empty when the
// parameter is missing; [Request.QueryValues] distinguishes an empty value from a missing one.
//
// Queries are decoded like web forms: a plus becomes a blank, an invalid escape stays unchanged,
// and U+FFFD replaces bytes that are not UTF-8.
func (r *Request) Query(name string) string {
	value, _ := firstFormValue(r.query(), name)
	return value
}

// QueryValues returns all values of that query parameter, decoded, in order.
func (r *Request) QueryValues(name string) []string {
	return formValues(r.query(), name, math.MaxInt)
}

// QueryInteger returns the first value of that query parameter as an integer. If the parameter is
// missing, found is false and err is nil. For a value that is not a decimal 64-bit integer, the
// error is a [Failure] of kind [FailureBadRequest].
func (r *Request) QueryInteger(name string) (value int64, found bool, err error) {
	text, found := firstFormValue(r.query(), name)
	if !found {
		return 0, false, nil
	}
	value, err = parameterAsInteger("query", name, text)
	return value, err == nil, err
}

func (r *Request) query() string {
	if r.HTTP == nil {
		return ""
	}
	return r.HTTP.Query
}

// PathParam returns the decoded parameter of that name in the route's path, for example id of
// /orders/{id}. The text is empty when the route has no such parameter.
func (r *Request) PathParam(name string) string {
	value, _ := r.pathParam(name)
	return value
}

// PathInteger returns the parameter of that name in the route's path as an integer. The error is a
// [Failure]: of kind [FailureBadRequest] for a value that is not a decimal 64-bit integer, and of
// kind [FailureInternal] when the route has no such parameter.
func (r *Request) PathInteger(name string) (int64, error) {
	text, found := r.pathParam(name)
	if !found {
		return 0, Internal("the route has no path parameter %q", name)
	}
	return parameterAsInteger("path", name, text)
}

func (r *Request) pathParam(name string) (value string, found bool) {
	if r.HTTP == nil {
		return "", false
	}
	for _, param := range r.HTTP.PathParams {
		if param.Name == name {
			return param.Value, true
		}
	}
	return "", false
}

func parameterAsInteger(place, name, text string) (int64, error) {
	// strconv would also accept a plus.
	digits := strings.TrimPrefix(text, "-")
	isOther := func(r rune) bool { return r < '0' || r > '9' }
	if digits == "" || strings.ContainsFunc(digits, isOther) {
		return 0, BadRequest("the %s parameter %q is %s: it must be an integer",
			place, name, shortened(text))
	}
	integer, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, BadRequest("the %s parameter %q is %s: it must be from -9223372036854775808 to "+
			"9223372036854775807", place, name, shortened(text))
	}
	return integer, nil
}

// Cookie returns the value of the first cookie of that name, without surrounding double quotes, and
// whether there is such a cookie. The value is not percent-decoded. No cookie is found if a Cookie
// header is not UTF-8.
func (r *Request) Cookie(name string) (value string, found bool) {
	for pair := range strings.SplitSeq(r.Header("cookie"), ";") {
		key, value, isPair := strings.Cut(pair, "=")
		if !isPair || strings.Trim(key, " \t") != name {
			continue
		}
		value = strings.Trim(value, " \t")
		if len(value) > 1 && strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) {
			value = value[1 : len(value)-1]
		}
		return value, true
	}
	return "", false
}

// Form returns the first value of that form field, decoded as in [Request.Query], and whether there
// is such a field. The body must have the content type application/x-www-form-urlencoded; otherwise
// the error is a [Failure] of kind [FailureBadRequest]. An empty body without a content type is an
// empty form.
func (r *Request) Form(name string) (value string, found bool, err error) {
	if err := r.checkForm(); err != nil {
		return "", false, err
	}
	value, found = firstFormValue(string(r.Body), name)
	return value, found, nil
}

// FormValues returns all values of that form field, in order. The error is as in [Request.Form].
func (r *Request) FormValues(name string) ([]string, error) {
	if err := r.checkForm(); err != nil {
		return nil, err
	}
	return formValues(string(r.Body), name, math.MaxInt), nil
}

func (r *Request) checkForm() error {
	if r.ContentType == "" && len(r.Body) == 0 {
		return nil
	}
	mediaType, _, _ := strings.Cut(r.ContentType, ";")
	if !strings.EqualFold(strings.Trim(mediaType, " \t"), formType) {
		return BadRequest("the request body: it must be a form, of the content type %s", formType)
	}
	return nil
}
