package hostel

import "reflect"

// Request is a request to a service.
//
// A handler gets the body as a value of its parameter's type, and the whole request in [Context]. A
// test sets only the fields that it needs.
type Request struct {
	// Service is the service's name within the plugin.
	Service string
	// ID is the correlation id of the request, which the host adds to its log lines.
	ID string
	// ContentType is the media type of the body. It is empty if the caller sent no media type, or
	// one that is not ASCII.
	ContentType string
	// Body is empty if the request has no body.
	Body []byte
	// HTTP is nil when the request was not made over HTTP.
	HTTP *HTTPRequest
}

// JSON reads the body into the variable that target points to, by the rules of encoding/json. It
// ignores the media type. An empty body is read as null. Only a pointer, an interface, a map or a
// slice accepts null.
//
// JSON refuses a body that encoding/json would change silently: text that is not UTF-8, an escaped
// lone surrogate, and an integer that the target would round (as in [Cache.Get]). It also refuses a
// body that is nested deeper than 127 levels.
//
// Every error is a [Failure] of kind [FailureBadRequest]. If the position of the error is known,
// the message contains the line and the column.
func (r *Request) JSON(target any) error {
	body := r.Body
	if len(body) == 0 {
		if !canBeNil(target) {
			return BadRequest("the request needs a JSON body and has none")
		}
		// Only a type with a name can have its own rule for null. Set the zero value of other types.
		if nothing := reflect.ValueOf(target).Elem(); nothing.Type().Name() == "" {
			nothing.SetZero()
			return nil
		}
		body = []byte("null")
	}
	if err := flawOf(body, maxBodyDepth).asError(body); err != nil {
		return BadRequest("the request body: %v", err)
	}
	if isNull(body) && !canBeNil(target) {
		return BadRequest("%s", withSubject("the request body", misfitOfNull(body, target)))
	}
	if err := fromJSON(body, target); err != nil {
		return BadRequest("%s", withSubject("the request body", err))
	}
	return nil
}

func canBeNil(target any) bool {
	pointer := reflect.ValueOf(target)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return false
	}
	switch pointer.Type().Elem().Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
		return true
	}
	return false
}

// HTTPRequest is the HTTP part of a request.
type HTTPRequest struct {
	// Method is as sent, for example GET.
	Method string
	// Path is as sent, still percent-encoded, without the query.
	Path string
	// PathParams are the decoded parameters of the route's path, in the route's order.
	PathParams []PathParam
	// Query is as sent, without the question mark; empty without a query.
	Query string
	// Authority is the host and port as the client sent them. It may be empty.
	Authority string
	// Client is the client's address and port, for example 192.0.2.1:4711 or [2001:db8::1]:4711.
	// Port 0 means that the port is unknown. See [Request.ClientAddress] for the address alone, and
	// for proxies.
	Client string
	// Headers have names in lower case, which may repeat. Headers of the same name are in the order
	// sent.
	Headers []Header
}

// PathParam is one parameter in the path of a route.
type PathParam struct {
	Name, Value string
}
