package hostel

import "reflect"

// Request is one request to one service.
//
// A handler gets the body as the type it asks for; the rest is here, and the methods read it by
// name. A test makes one with the fields it needs.
type Request struct {
	// Service is the service's name within the plugin.
	Service string
	// ID is the correlation id, the one that the host's log lines carry.
	ID string
	// ContentType is the media type of the body; empty when the caller named none.
	ContentType string
	// Body is empty when there is none.
	Body []byte
	// HTTP is nil when the request did not come by HTTP.
	HTTP *HTTPRequest
}

// JSON reads the body into what target points to, by the rules of encoding/json, whatever media
// type the caller named. An empty body reads as null, and null only fits what can be nil: a
// pointer, an interface, a map or a slice.
//
// Where encoding/json would change a value in silence, the body is refused: text that is not UTF-8,
// an escaped surrogate without its pair, and an integer that the target would round (the rule is
// that of [Cache.Get]). So is a body nested deeper than 127 levels.
//
// Every error is a [Failure] of kind [FailureBadRequest] that tells the line and the column.
func (r *Request) JSON(target any) error {
	body := r.Body
	if len(body) == 0 {
		if !canBeNil(target) {
			return BadRequest("the request needs a JSON body and has none")
		}
		// What null does to a type without methods, and no reader of JSON is needed.
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

// HTTPRequest is what only a request that came by HTTP has.
type HTTPRequest struct {
	// Method is as sent, GET for example.
	Method string
	// Path is as sent, still percent-encoded, without the query.
	Path string
	// PathParams are the decoded parameters of the route's path, in the route's order.
	PathParams []PathParam
	// Query is as sent, without the question mark; empty when there is none.
	Query string
	// Authority is host and port as the client named them; empty when it named none.
	Authority string
	// Client is the address and port of the client, 192.0.2.1:4711 or [2001:db8::1]:4711.
	// [Request.ClientAddress] is the address alone.
	Client string
	// Headers are in the order they were sent, names in lower case; a name may occur more than
	// once.
	Headers []Header
}

// PathParam is one parameter in the path of a route.
type PathParam struct {
	Name, Value string
}
