//go:build !wasip1

package hostel

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// The fake remote servers and settings.

// route is the response to outbound requests with one method, and one URL or URL prefix.
type route struct {
	method, url string
	answer      func(request OutgoingRequest) (Response, error)
}

// Route sets the response to requests with this method and URL. [Text] and [JSON] create such
// responses. A URL that ends with a star matches every URL that begins with the text before the
// star. If several routes match, the newest one is used.
//
//	fake.Route("GET", "https://api.example.com/rates", hostel.Text("1.1"))
//
// If a request matches no route, the fake panics, which fails the test. The message contains the
// request and the routes. If the service recovers, [Fake.Call], [Fake.CallWith] and [Fake.HTTP]
// panic again.
func (f *Fake) Route(method, url string, response Response) {
	f.RouteFunc(method, url, func(OutgoingRequest) (Response, error) { return response, nil })
}

// RouteJSON is like [Fake.Route], with the response that [JSON] returns for the value. It panics
// when the value has no JSON form.
func (f *Fake) RouteJSON(method, url string, value any) {
	response, err := JSON(value)
	if err != nil {
		panic(err)
	}
	f.Route(method, url, response)
}

// RouteError is like [Fake.Route], with an error of this kind instead of a response.
func (f *Fake) RouteError(method, url string, kind HTTPErrorKind) {
	f.RouteFunc(method, url, func(request OutgoingRequest) (Response, error) {
		return Response{}, &HTTPError{kind, fmt.Sprintf("%s: the fake returns %v", withoutQuery(request.URL), kind)}
	})
}

// RouteFunc is like [Fake.Route], but calls answer for the response to each request. If answer
// returns an error that is not an [HTTPError], the error becomes one of kind [HTTPAborted].
func (f *Fake) RouteFunc(method, url string, answer func(request OutgoingRequest) (Response, error)) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.routes = append(f.routes, route{method, url, answer})
}

// Requests returns the requests that the service sent so far, including a request for each redirect
// that the fake followed.
func (f *Fake) Requests() []OutgoingRequest {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return slices.Clone(f.requests)
}

// SetConfig sets a setting or a secret of the plugin. The fake does not distinguish them.
func (f *Fake) SetConfig(name, value string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.settings[name] = value
}

// checkExpected panics if a request matched no route, even if the service recovered from the first
// panic.
func (f *Fake) checkExpected() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.unexpected != "" {
		panic(f.unexpected)
	}
}

func (h host) setting(name string) (value string, found bool) {
	h.fake.mutex.Lock()
	defer h.fake.mutex.Unlock()
	value, found = h.fake.settings[name]
	return value, found
}

func (h host) settingNames() []string {
	h.fake.mutex.Lock()
	defer h.fake.mutex.Unlock()
	return slices.Sorted(maps.Keys(h.fake.settings))
}

func (h host) send(sendings []*sending) {
	for _, sending := range sendings {
		response, err := h.fake.follow(sending.request)
		if err != nil {
			*sending.result = HTTPResult{Err: err}
		} else {
			sending.result.Response = response
		}
	}
}

func (f *Fake) follow(request OutgoingRequest) (*HTTPResponse, error) {
	if err := checkAsHost(&request); err != nil {
		return nil, err
	}
	for followed := 0; ; followed++ {
		response, err := f.answer(request)
		if err != nil {
			return nil, err
		}
		location := append(response.HeaderValues("location"), "")[0]
		if !isRedirect(response.Status) || location == "" || request.Redirects == 0 {
			return response, nil
		}
		if followed == request.Redirects {
			return nil, abortedf("%s: it redirects more than %d times", withoutQuery(request.URL), followed)
		}
		if request, err = redirected(request, response.Status, location); err != nil {
			return nil, err
		}
	}
}

// answer returns the response of the newest matching route. It panics if no route matches.
func (f *Fake) answer(request OutgoingRequest) (*HTTPResponse, error) {
	f.mutex.Lock()
	f.requests = append(f.requests, request)
	var answer func(OutgoingRequest) (Response, error)
	rows := make([]string, len(f.routes))
	for i, route := range f.routes {
		rows[i] = route.method + " " + route.url
		if route.matches(request) {
			answer = route.answer
		}
	}
	if answer == nil {
		f.unexpected = fmt.Sprintf("%s %s matches no route of the fake; there are: %s",
			request.Method, request.URL, cmp.Or(strings.Join(rows, ", "), "none"))
		defer f.mutex.Unlock()
		panic(f.unexpected)
	}
	f.mutex.Unlock()
	response, err := answer(request)
	var refused *HTTPError
	switch {
	case errors.As(err, &refused):
		return nil, refused
	case err != nil:
		return nil, abortedf("%s: %v", withoutQuery(request.URL), err)
	}
	return &HTTPResponse{response.Status, request.URL, headersOf(response), response.Body}, nil
}

func (r *route) matches(request OutgoingRequest) bool {
	beginning, isOpen := strings.CutSuffix(r.url, "*")
	isURL := request.URL == r.url || isOpen && strings.HasPrefix(request.URL, beginning)
	return isURL && request.Method == r.method
}

// headersOf returns the headers of a response in the form that an HTTP client receives.
func headersOf(response Response) (headers []Header) {
	if response.ContentType != "" {
		headers = append(headers, Header{"content-type", []byte(response.ContentType)})
	}
	for _, header := range response.Headers {
		header.Name = strings.ToLower(header.Name)
		if header.Name != "content-type" || response.ContentType == "" {
			headers = append(headers, header)
		}
	}
	return headers
}

// redirected returns the request that follows a redirect.
func redirected(request OutgoingRequest, status int, location string) (OutgoingRequest, error) {
	from, err := url.Parse(request.URL)
	if err != nil {
		return request, err
	}
	to, err := from.Parse(location)
	if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" || to.User != nil {
		return request, abortedf("%s: its redirect target is not an http or https URL", withoutQuery(request.URL))
	}
	to.Fragment = ""
	request.URL = to.String()
	if from.Scheme != to.Scheme || from.Host != to.Host {
		request.Headers = without(request.Headers, "authorization", "cookie", "proxy-authorization")
	}
	isGet := request.Method == "GET" || request.Method == "HEAD"
	if status == 303 && !isGet || status <= 302 && request.Method == "POST" {
		request.Method, request.Body = "GET", nil
		request.Headers = without(request.Headers, "content-type", "content-encoding", "content-language")
	}
	return request, nil
}

func without(headers []Header, names ...string) (left []Header) {
	for _, header := range headers {
		if !slices.Contains(names, strings.ToLower(header.Name)) {
			left = append(left, header)
		}
	}
	return left
}

// headersOfHost are the headers that only the host sets.
var headersOfHost = []string{
	"host", "content-length", "connection", "keep-alive", "proxy-connection", "te", "trailer",
	"transfer-encoding", "upgrade",
}

// checkAsHost refuses most of the requests that a host would refuse as invalid. It does not check,
// for example, the number of headers or the range of a port.
func checkAsHost(request *OutgoingRequest) error {
	if !isToken(request.Method) || request.Method == "CONNECT" || request.Method == "TRACE" {
		return invalidf("%s is not a method that a plugin can send", shortened(request.Method))
	}
	to, err := url.Parse(request.URL)
	if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return invalidf("%s is not an http or https URL", shortened(withoutQuery(request.URL)))
	}
	if to.User != nil {
		return invalidf("a URL has a user or a password: send them in the header `authorization`")
	}
	for _, header := range request.Headers {
		if !isToken(header.Name) {
			return invalidf("%s is not a header name", shortened(header.Name))
		}
		if slices.Contains(headersOfHost, strings.ToLower(header.Name)) {
			return invalidf("the header %s is set by the host: leave it out", header.Name)
		}
	}
	return nil
}

func abortedf(format string, arguments ...any) error {
	return &HTTPError{HTTPAborted, fmt.Sprintf(format, arguments...)}
}
