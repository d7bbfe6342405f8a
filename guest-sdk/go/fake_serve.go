//go:build !wasip1

package hostel

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// HTTP requests from a test to the plugin's services, with routes as in a host's configuration.

var methodsOfRoutes = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// pathNode is a node in the tree of route segments.
type pathNode struct {
	fixed     map[string]*pathNode
	parameter *pathNode
	ends      []endpoint
}

// endpoint is the end of a route: its method, its service and the names of its path parameters. An
// empty method matches any method.
type endpoint struct {
	method, service string
	parameters      []string
}

// Serve routes requests of [Fake.HTTP] to the service of that name. The route is a method and a
// path, or only a path for all methods. A path has the syntax of [[routes]] in hostel.toml:
//
//	fake.Serve("GET /orders/{id}", "orders.find")
//
// Serve panics for an invalid method or path, an unknown service, or a route that conflicts with an
// earlier one.
func (f *Fake) Serve(route, service string) {
	if err := f.serve(route, service); err != nil {
		panic(fmt.Sprintf("the route %q: %v", route, err))
	}
}

func (f *Fake) serve(route, service string) error {
	end, path := endpoint{service: service}, route
	if method, rest, found := strings.Cut(route, " "); found && !strings.HasPrefix(route, "/") {
		end.method, path = method, rest
	}
	if end.method != "" && !slices.Contains(methodsOfRoutes, end.method) {
		return fmt.Errorf("unknown method %q; there are: %s", end.method, strings.Join(methodsOfRoutes, ", "))
	}
	if !hasService(service) {
		return fmt.Errorf("no service %q here; there are: %s", service, names())
	}
	segments, err := segmentsOfRoute(path)
	if err != nil {
		return err
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	node := &f.served
	for _, segment := range segments {
		node = node.inner(segment, &end)
	}
	for _, other := range node.ends {
		if end.method == "" || other.method == "" || end.method == other.method {
			return fmt.Errorf("it matches requests that the route of %q matches: give each its own path "+
				"or methods", other.service)
		}
	}
	node.ends = append(node.ends, end)
	// The host sorts the routes of a path by their parameters' names. If a GET and a HEAD route match
	// a HEAD request, the first one is used.
	slices.SortStableFunc(node.ends, func(a, b endpoint) int {
		return slices.Compare(a.parameters, b.parameters)
	})
	return nil
}

func hasService(name string) bool {
	return slices.ContainsFunc(services, func(listed service) bool { return listed.name == name })
}

// segmentsOfRoute returns the segments of a route's path; "/" has one empty segment.
func segmentsOfRoute(path string) ([]string, error) {
	inside, found := strings.CutPrefix(path, "/")
	if !found {
		return nil, fmt.Errorf("the path %q must begin with a slash", path)
	}
	segments := strings.Split(inside, "/")
	if inside == "" {
		return segments, nil
	}
	for i, segment := range segments {
		if segment == "" || segment == "." || segment == ".." {
			return nil, fmt.Errorf("it has the segment %q: a segment must not be empty, `.` or `..`", segment)
		}
		if name, is := parameterOf(segment); is {
			if slices.Contains(segments[:i], segment) {
				return nil, fmt.Errorf("it has the parameter `%s` twice", name)
			}
			continue
		}
		if strings.ContainsAny(segment, "{}") {
			return nil, fmt.Errorf("it has the segment %q: a parameter must be a whole segment, `{name}`, "+
				"of letters, digits, hyphens and underscores", segment)
		}
		for _, r := range segment {
			if strings.ContainsRune(`%?#\`, r) || unicode.IsSpace(r) || unicode.IsControl(r) {
				return nil, fmt.Errorf("it has %q: write it without percent-encoding or a query", r)
			}
		}
	}
	return segments, nil
}

// parameterOf returns the parameter's name and true for a segment that is a parameter.
func parameterOf(segment string) (name string, is bool) {
	name, opens := strings.CutPrefix(segment, "{")
	name, closes := strings.CutSuffix(name, "}")
	isOther := func(r rune) bool {
		return r >= utf8.RuneSelf || r != '-' && r != '_' && !isAlphanumeric(byte(r))
	}
	return name, opens && closes && name != "" && !strings.ContainsFunc(name, isOther)
}

// inner returns the child node for a segment, and creates the node if it is missing. If the segment
// is a parameter, inner adds the parameter's name to the endpoint.
func (n *pathNode) inner(segment string, end *endpoint) *pathNode {
	if name, is := parameterOf(segment); is {
		end.parameters = append(end.parameters, name)
		if n.parameter == nil {
			n.parameter = &pathNode{}
		}
		return n.parameter
	}
	if n.fixed == nil {
		n.fixed = make(map[string]*pathNode)
	}
	if n.fixed[segment] == nil {
		n.fixed[segment] = &pathNode{}
	}
	return n.fixed[segment]
}

// find returns the endpoints of a path and the values of its parameters. At each segment, from left
// to right, fixed text takes precedence over a parameter.
func (n *pathNode) find(segments []string) (ends []endpoint, values []string) {
	if len(segments) == 0 {
		return n.ends, nil
	}
	first, rest := segments[0], segments[1:]
	if next := n.fixed[first]; next != nil {
		if ends, values = next.find(rest); len(ends) > 0 {
			return ends, values
		}
	}
	if first == "" || n.parameter == nil {
		return nil, nil
	}
	ends, values = n.parameter.find(rest)
	return ends, append([]string{first}, values...)
}

func (e *endpoint) takes(method string) bool {
	return e.method == "" || e.method == method || e.method == "GET" && method == "HEAD"
}

// HTTP sends an HTTP request through the routes of [Fake.Serve] and returns the service's response.
// A failure becomes a problem response (RFC 9457) with the failure's status. Unlike a host, HTTP
// returns the body of a response to HEAD.
//
//	fake.Serve("POST /orders", "orders.add")
//	response := fake.HTTP("POST", "/orders?dry=1", hostel.WithJSON(order))
//
// The target is a percent-encoded path, with or without a query. [WithHeader], [WithJSON],
// [WithText], [WithForm] and [WithBody] add headers and a body. HTTP panics when the request is not
// valid.
func (f *Fake) HTTP(method, target string, options ...HTTPOption) Response {
	sent := NewOutgoingRequest(method, target, options...)
	if err := checkSent(&sent); err != nil {
		panic(fmt.Sprintf("%s %s: %v", method, target, err))
	}
	path, query, _ := strings.Cut(target, "?")
	request := Request{Body: sent.Body, HTTP: &HTTPRequest{
		Method: method, Path: path, Query: query, Authority: "localhost", Client: "127.0.0.1:1",
	}}
	for _, header := range sent.Headers {
		header.Name = strings.ToLower(header.Name)
		if header.Name == "content-type" && request.ContentType == "" {
			request.ContentType = string(header.Value)
		}
		request.HTTP.Headers = append(request.HTTP.Headers, header)
	}
	ctx := f.ContextWith(request)
	failure := f.find(&ctx.Request)
	response := Response{}
	if failure == nil {
		response, failure = respond(ctx)
		f.checkExpected()
	}
	if failure == nil {
		return response
	}
	response, err := problemOf(ctx, failure)
	if err != nil {
		panic(err)
	}
	return response
}

func checkSent(request *OutgoingRequest) error {
	isOther := func(r rune) bool { return r <= ' ' || r == '\x7f' || r == '#' }
	if !strings.HasPrefix(request.URL, "/") || strings.ContainsFunc(request.URL, isOther) {
		return fmt.Errorf("the target must begin with a slash, and have no blanks, no control " +
			"characters and no fragment: percent-encode them")
	}
	if !isToken(request.Method) {
		return fmt.Errorf("the method has only letters, digits and %s", tokenMarks)
	}
	for _, header := range request.Headers {
		if !isToken(header.Name) {
			return fmt.Errorf("%s is not a header name", shortened(header.Name))
		}
	}
	return request.check()
}

// find finds the route of a request and sets the request's service and path parameters. It returns
// a failure if no route matches, or if the path has an invalid escape or is not UTF-8.
func (f *Fake) find(request *Request) *Failure {
	segments := strings.Split(request.HTTP.Path[1:], "/")
	for i, segment := range segments {
		decoded, err := url.PathUnescape(segment)
		if err != nil || !utf8.ValidString(decoded) {
			return BadRequest("the path has an invalid escape")
		}
		segments[i] = decoded
	}
	f.mutex.Lock()
	ends, values := f.served.find(segments)
	f.mutex.Unlock()
	// The host reserves /services and /services/NAME: they match no route.
	isOfHost := segments[0] == "services" && len(segments) <= 2
	if len(ends) == 0 || isOfHost {
		return NotFound("no service has this path")
	}
	at := slices.IndexFunc(ends, func(end endpoint) bool { return end.takes(request.HTTP.Method) })
	if at < 0 {
		allow := allowed(ends)
		return MethodNotAllowed("this path allows %s", allow).WithHeader("allow", allow)
	}
	request.Service = ends[at].service
	for i, name := range ends[at].parameters {
		param := PathParam{Name: name, Value: values[i]}
		request.HTTP.PathParams = append(request.HTTP.PathParams, param)
	}
	return nil
}

// allowed returns the value of the header allow for a path with these routes.
func allowed(ends []endpoint) string {
	var methods []string
	for _, end := range ends {
		methods = append(methods, end.method)
		if end.method == "GET" {
			methods = append(methods, "HEAD")
		}
	}
	slices.Sort(methods)
	return strings.Join(slices.Compact(methods), ", ")
}
