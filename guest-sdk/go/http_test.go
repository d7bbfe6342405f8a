package hostel_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hostel-sdk"
)

// unsent checks the kind of an HTTP error and a part of its message.
func unsent(t *testing.T, err error, kind hostel.HTTPErrorKind, part string) {
	t.Helper()
	var refused *hostel.HTTPError
	if !errors.As(err, &refused) || refused.Kind != kind || !strings.Contains(err.Error(), part) {
		t.Errorf("got %v; expected %v with %q", err, kind, part)
	}
}

func shownHeaders(headers []hostel.Header) string {
	var shown []string
	for _, header := range headers {
		shown = append(shown, header.Name+"="+string(header.Value))
	}
	return strings.Join(shown, " ")
}

func TestEachMethodSendsARequestThatFollowsFiveRedirects(t *testing.T) {
	fake := hostel.NewFake()
	http := fake.Context().HTTP
	for _, method := range []struct {
		name string
		send func(string, ...hostel.HTTPOption) (*hostel.HTTPResponse, error)
	}{
		{"GET", http.Get}, {"HEAD", http.Head}, {"OPTIONS", http.Options}, {"POST", http.Post},
		{"PUT", http.Put}, {"PATCH", http.Patch}, {"DELETE", http.Delete},
	} {
		fake.Route(method.name, "http://a/*", hostel.Text(method.name))
		response, err := method.send("http://a/b?c=d", hostel.WithTimeout(time.Second))
		if err != nil {
			t.Fatal(err)
		}
		text, err := response.Text()
		if text != method.name || response.URL != "http://a/b?c=d" || err != nil {
			t.Errorf("%+v, %v; expected %s", response, err, method.name)
		}
		requests := fake.Requests()
		request := requests[len(requests)-1]
		if request.Method != method.name || request.Redirects != 5 || request.Timeout != time.Second {
			t.Errorf("sent %+v", request)
		}
	}
}

func TestBodySetsItsContentTypeUnlessAHeaderDoes(t *testing.T) {
	for _, one := range []struct {
		options       []hostel.HTTPOption
		body, headers string
	}{
		{nil, "", ""},
		{[]hostel.HTTPOption{hostel.WithJSON("<a>")}, `"<a>"`, "content-type=application/json"},
		{[]hostel.HTTPOption{hostel.WithText("a")}, "a", "content-type=text/plain; charset=utf-8"},
		{[]hostel.HTTPOption{hostel.WithBody("a/b", []byte{1})}, "\x01", "content-type=a/b"},
		{[]hostel.HTTPOption{hostel.WithJSON(1), hostel.WithHeader("Content-Type", "x/y"), hostel.WithHeader("b", "c")},
			"1", "Content-Type=x/y b=c"},
	} {
		request := hostel.NewOutgoingRequest("POST", "http://a", one.options...)
		if string(request.Body) != one.body || shownHeaders(request.Headers) != one.headers {
			t.Errorf("got %q with %q; expected %q with %q",
				request.Body, shownHeaders(request.Headers), one.body, one.headers)
		}
	}
}

func TestInvalidRequestIsRefusedWithTheArgumentItsValueAndTheRule(t *testing.T) {
	http := hostel.NewFake().Context().HTTP
	for _, one := range []struct {
		url     string
		options []hostel.HTTPOption
		part    string
	}{
		{"\xff", nil, `a URL of "\xff": it must be UTF-8`},
		{"ftp://a", nil, `"ftp://a" is not an http or https URL`},
		{"/a?secret", nil, `"/a" is not an http or https URL`},
		{"http://joe:pw@a", nil, "a URL has a user or a password"},
		{"http://a", []hostel.HTTPOption{hostel.WithTimeout(-time.Second)}, "a timeout of -1s: it must not be negative"},
		{"http://a", []hostel.HTTPOption{hostel.WithTimeout(0)}, "a timeout of 0s: it must be more than 0"},
		{"http://a", []hostel.HTTPOption{hostel.WithRedirects(256)}, "redirects of 256: they must be 0 to 255"},
		{"http://a", []hostel.HTTPOption{hostel.WithRedirects(-1)}, "redirects of -1: they must be 0 to 255"},
		{"http://a", []hostel.HTTPOption{hostel.WithHeader("a", "b\nc")},
			`the value of the header "a" has '\n' at byte 1: it must have no line break and no NUL`},
		{"http://a", []hostel.HTTPOption{hostel.WithHeader("a", "\x00")}, `has '\x00' at byte 0`},
		{"http://a", []hostel.HTTPOption{hostel.WithHeader("\xff", "")}, `a header name of "\xff": it must be UTF-8`},
		{"http://a", []hostel.HTTPOption{hostel.WithHeader("a b", "")}, `"a b" is not a header name`},
		{"http://a", []hostel.HTTPOption{hostel.WithHeader("Host", "b")}, "the header Host is set by the host"},
		{"http://a?q", []hostel.HTTPOption{hostel.WithJSON(func() {})},
			`the body of a request to "http://a" has no JSON form: unsupported type: func()`},
	} {
		_, err := http.Get(one.url, one.options...)
		unsent(t, err, hostel.HTTPInvalidRequest, one.part)
	}
	for method, part := range map[string]string{
		"":        `"" is not a method that a plugin can send`,
		"TRACE":   `"TRACE" is not a method that a plugin can send`,
		"CONNECT": `"CONNECT" is not a method that a plugin can send`,
		"A B":     `"A B" is not a method that a plugin can send`,
		"\xff":    `a method of "\xff": it must be UTF-8`,
	} {
		_, err := http.Send(hostel.NewOutgoingRequest(method, "http://a"))
		unsent(t, err, hostel.HTTPInvalidRequest, part)
	}
}

func TestManyResultsAreInTheOrderOfTheirRequests(t *testing.T) {
	fake := hostel.NewFake()
	fake.RouteError("GET", "http://b*", hostel.HTTPTimeout)
	fake.Route("GET", "http://a", hostel.Text("a"))
	get := func(url string) hostel.OutgoingRequest { return hostel.NewOutgoingRequest("GET", url) }
	results := fake.Context().HTTP.SendMany(get("http://b?q"), get("\xff"), get("http://a"))
	unsent(t, results[0].Err, hostel.HTTPTimeout, "http://b: the fake returns timeout")
	unsent(t, results[1].Err, hostel.HTTPInvalidRequest, "UTF-8")
	if results[2].Err != nil || results[2].Response.URL != "http://a" || results[0].Response != nil {
		t.Errorf("got %+v", results)
	}
	if none := fake.Context().HTTP.SendMany(); len(none) != 0 {
		t.Errorf("got %v", none)
	}
}

func TestEachGoroutineSendsItsOwnRequest(t *testing.T) {
	fake := hostel.NewFake()
	fake.RouteFunc("GET", "http://a/*", func(request hostel.OutgoingRequest) (hostel.Response, error) {
		return hostel.JSON(request.URL)
	})
	http := fake.Context().HTTP
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			url := fmt.Sprintf("http://a/%d", i)
			response, err := http.Get(url)
			if err != nil || string(response.Body) != `"`+url+`"` {
				t.Errorf("%s: %+v, %v", url, response, err)
			}
		})
	}
	group.Wait()
}

func TestErrorWithoutAResponseIsUnavailableIfTheServerMayRespondLater(t *testing.T) {
	fake := hostel.NewFake()
	for kind, expected := range map[hostel.HTTPErrorKind]hostel.FailureKind{
		hostel.HTTPInvalidRequest: hostel.FailureInternal,
		hostel.HTTPDenied:         hostel.FailureInternal,
		hostel.HTTPUnreachable:    hostel.FailureUnavailable,
		hostel.HTTPTimeout:        hostel.FailureUnavailable,
		hostel.HTTPTooLarge:       hostel.FailureInternal,
		hostel.HTTPAborted:        hostel.FailureUnavailable,
	} {
		fake.RouteError("GET", "http://a", kind)
		_, err := fake.Call("fetch-status", "http://a")
		failsWith(t, err, expected, "http://a: the fake returns "+kind.String())
	}
}

func init() {
	hostel.Handle("fetch-status", "Fetches a URL.", func(ctx *hostel.Context, url string) (int, error) {
		response, err := ctx.HTTP.Get(url)
		if err != nil {
			return 0, fmt.Errorf("fetching: %w", err)
		}
		return response.Status, nil
	})
	hostel.Handle("hide-panics", "Fetches a URL.", func(ctx *hostel.Context, url string) (int, error) {
		defer func() { recover() }()
		_, err := ctx.HTTP.Get(url)
		return 0, err
	})
}

func TestResponseIsReadByItsTypeAndItsStatus(t *testing.T) {
	fake := hostel.NewFake()
	ok := hostel.Text("[1").WithHeader("Set-Cookie", "a").WithHeader("set-cookie", "b")
	fake.Route("GET", "http://a", ok.WithHeader("content-type", "no"))
	response := checked[*hostel.HTTPResponse](t)(fake.Context().HTTP.Get("http://a"))
	expected := "content-type=text/plain; charset=utf-8 set-cookie=a set-cookie=b"
	if shown := shownHeaders(response.Headers); shown != expected {
		t.Errorf("got %q", shown)
	}
	if response.Header("SET-COOKIE") != "a, b" || response.Header("none") != "" {
		t.Errorf("got %q", response.Header("SET-COOKIE"))
	}
	if values := response.HeaderValues("Set-Cookie"); !slices.Equal(values, []string{"a", "b"}) {
		t.Errorf("got %q", values)
	}
	var numbers []int
	response.URL += "?secret"
	failsWith(t, response.JSON(&numbers), hostel.FailureInternal, "http://a (status 200): the body: ")
	for _, one := range []struct{ body, part string }{
		{"", "http://a (status 200): the body: "},
		{"null", "(status 200): the body is null: it must be an integer, at line 1 column 4"},
		{`"a"`, `(status 200): the body is "a": it must be an integer, at line 1 column 3`},
		{"9007199254740993", ""},
		{"\xff", "UTF-8"},
	} {
		response.Body = []byte(one.body)
		var number int64
		err := response.JSON(&number)
		if one.part == "" && err == nil && number == 9007199254740993 {
			continue
		}
		failsWith(t, err, hostel.FailureInternal, one.part)
	}
	_, err := response.Text()
	failsWith(t, err, hostel.FailureInternal, "http://a (status 200): the body is not UTF-8")
	for status, kind := range map[int]hostel.FailureKind{
		404: hostel.FailureInternal, 400: hostel.FailureInternal,
		429: hostel.FailureUnavailable, 500: hostel.FailureUnavailable,
	} {
		response.Status = status
		failsWith(t, response.ErrorForStatus(), kind, fmt.Sprintf("http://a responded with status %d", status))
	}
	for status, ok := range map[int]bool{199: false, 200: true, 299: true, 300: false, 399: false} {
		response.Status = status
		if response.OK() != ok || response.ErrorForStatus() != nil {
			t.Errorf("%d: %v, %v", status, response.OK(), response.ErrorForStatus())
		}
	}
}

// causeOf returns the value that a function panics with, or nil if the function does not panic.
func causeOf(call func()) (cause any) {
	defer func() { cause = recover() }()
	call()
	return nil
}

func TestRequestThatNoRowMatchesFailsTheTestWhateverTheServiceRecovers(t *testing.T) {
	for _, service := range []string{"fetch-status", "hide-panics"} {
		fake := hostel.NewFake()
		fake.Route("GET", "http://a", hostel.Empty())
		fake.Route("POST", "http://b/*", hostel.Empty())
		cause := fmt.Sprint(causeOf(func() { fake.Call(service, "http://b/1") }))
		if cause != "GET http://b/1 matches no route of the fake; there are: GET http://a, POST http://b/*" {
			t.Errorf("panicked with %s", cause)
		}
	}
	http := hostel.NewFake().Context().HTTP
	cause := fmt.Sprint(causeOf(func() { http.Get("http://a") }))
	if cause != "GET http://a matches no route of the fake; there are: none" {
		t.Errorf("panicked with %s", cause)
	}
}

func TestLaterRouteReplacesAnEarlierOneAndMayBeAFunction(t *testing.T) {
	fake := hostel.NewFake()
	http := fake.Context().HTTP
	fake.Route("GET", "http://a/*", hostel.Text("old"))
	fake.RouteJSON("GET", "http://a/1", []int{1})
	fake.RouteFunc("GET", "http://a/2", func(hostel.OutgoingRequest) (hostel.Response, error) {
		return hostel.Response{}, errors.New("no more")
	})
	for url, expected := range map[string]string{"http://a/1": "[1]", "http://a/12": "old"} {
		if body := checked[*hostel.HTTPResponse](t)(http.Get(url)).Body; string(body) != expected {
			t.Errorf("%s: got %q", url, body)
		}
	}
	_, err := http.Get("http://a/2")
	unsent(t, err, hostel.HTTPAborted, "http://a/2: no more")
	if causeOf(func() { fake.RouteJSON("GET", "http://a", func() {}) }) == nil {
		t.Error("no panic")
	}
}
