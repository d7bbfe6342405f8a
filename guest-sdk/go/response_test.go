package hostel_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hostel-sdk"
)

var (
	returned hostel.Response
	failed   error
)

func init() {
	hostel.Handle("returned", "", func(*hostel.Context, struct{}) (hostel.Response, error) {
		return returned, failed
	})
}

// seen returns the response or the error that a caller gets when a service returns the argument.
func seen(response hostel.Response) (hostel.Response, error) {
	returned, failed = response, nil
	return hostel.NewFake().Call("returned", nil)
}

// seenByHTTP sends an HTTP request to a service that returns the error. It returns the response or
// the error that the host gets, and the logged lines.
func seenByHTTP(err error) (response hostel.Response, seen error, logs []string) {
	failed = err
	fake := hostel.NewFake()
	request := hostel.Request{ID: "7", HTTP: &hostel.HTTPRequest{}}
	response, seen = fake.Call("returned", request)
	return response, seen, fake.Logs()
}

func TestResponseWithAnotherHeaderDoesNotChangeTheOriginal(t *testing.T) {
	first := hostel.Text("made").WithHeader("X-A", "1")
	second := first.WithStatus(201).WithHeader("Location", "/orders/7")
	third := first.WithHeader("x-b", "2")
	if len(first.Headers) != 1 || first.Status != 200 || first.Headers[0].Name != "x-a" ||
		second.Headers[1].Name != "location" || third.Headers[1].Name != "x-b" {
		t.Errorf("made %v, %v and %v", first, second, third)
	}
}

func TestHeadersOfAResponseAreReadByName(t *testing.T) {
	response := hostel.Empty().WithHeader("Vary", "accept").WithHeader("vary", "origin")
	if value := response.Header("VARY"); value != "accept, origin" {
		t.Errorf("read %q", value)
	}
	if values := response.HeaderValues("Vary"); !slices.Equal(values, []string{"accept", "origin"}) {
		t.Errorf("read %q", values)
	}
	if value := response.Header("location"); value != "" {
		t.Errorf("read %q", value)
	}
}

func TestHeadersOfTheHandlerAreNotChanged(t *testing.T) {
	headers := []hostel.Header{{Name: "a"}, {Name: "X-B"}}
	response, err := seen(hostel.Response{Status: 204, Headers: headers})
	if shownHeaders(response.Headers) != "a= x-b=" || headers[1].Name != "X-B" || err != nil {
		t.Errorf("got %v, %v; left %v", response.Headers, err, headers)
	}
}

func TestContentTypeIsChecked(t *testing.T) {
	for contentType, part := range map[string]string{
		"a/b\r\nx: y": `the response header "content-type": its value contains a control character`,
		"a/b; c=\x7f": `the response header "content-type": its value contains a control character`,
		"a/ä":         `the response header "content-type": its value contains a non-ASCII character`,
	} {
		_, err := seen(hostel.Text("").WithContentType(contentType))
		failsWith(t, err, hostel.FailureInternal, part)
	}
	if _, err := seen(hostel.Text("").WithContentType("a/b;\tc=d")); err != nil {
		t.Error(err)
	}
}

func TestRedirectHasAStatusOfItsOwn(t *testing.T) {
	for status := 200; status < 600; status++ {
		_, err := seen(hostel.Redirect("/").WithStatus(status))
		if slices.Contains([]int{301, 302, 303, 307, 308}, status) != (err == nil) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestCookieIsSafeOrRefused(t *testing.T) {
	for expected, cookie := range map[string]hostel.Cookie{
		"a=1; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax": {Name: "a", Value: "1", MaxAge: time.Minute},
		"a=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax":   {Name: "a", Delete: true},
		"a=; Path=/; HttpOnly; SameSite=Lax":                      {Name: "a", Insecure: true},
		"a=; Path=/; Secure; SameSite=Lax":                        {Name: "a", ScriptReadable: true},
	} {
		response, err := seen(hostel.Empty().WithCookie(cookie))
		if shownHeaders(response.Headers) != "set-cookie="+expected || err != nil {
			t.Errorf("got %v, %v; expected %s", response.Headers, err, expected)
		}
	}
	for part, cookie := range map[string]hostel.Cookie{
		`the cookie "a": a max age of 1.5s: it must be whole seconds`: {Name: "a", MaxAge: 1500 * time.Millisecond},
		`the cookie "a": a max age of -1s: it must be 0 or more`:      {Name: "a", MaxAge: -time.Second},
		`the cookie "a": Delete with a max age of 1s: it must be 0`:   {Name: "a", MaxAge: time.Second, Delete: true},
		`the cookie "a": a SameSite of unknown (3)`:                   {Name: "a", SameSite: 3},
		`the cookie "a": its domain contains a semicolon`:             {Name: "a", Domain: "b\x7f"},
	} {
		_, err := seen(hostel.Empty().WithCookie(cookie).WithHeader("x", "y"))
		failsWith(t, err, hostel.FailureInternal, part)
	}
}

func TestFailureWithHeadersIsAProblemOverHTTP(t *testing.T) {
	slow := hostel.TooManyRequests("at %d", 5).WithHeader("Retry-After", "7").WithHeader("x", "y")
	response, err, logs := seenByHTTP(fmt.Errorf("saving\xff: %w", slow))
	body := `{"type":"about:blank","title":"Too Many Requests","status":429,"code":"too-many-requests",` +
		`"detail":"saving` + "\ufffd" + `: at 5","request_id":"7"}`
	shown := fmt.Sprint(response.Status, response.ContentType, shownHeaders(response.Headers), string(response.Body))
	if expected := "429application/problem+jsonretry-after=7 x=y" + body; shown != expected || err != nil {
		t.Errorf("got %s, %v; expected %s", shown, err, expected)
	}
	if len(logs) > 0 {
		t.Errorf("logged %q", logs)
	}
	failed = slow
	_, err = hostel.NewFake().Call("returned", nil)
	failsWith(t, err, hostel.FailureTooManyRequests, "at 5")
}

func TestFailureThatNoProblemCanShowIsInternal(t *testing.T) {
	_, err, _ := seenByHTTP(hostel.Conflict("no").WithHeader("a", "\n"))
	failsWith(t, err, hostel.FailureInternal, `the response header "a": its value contains a control character`)
	odd := &hostel.Failure{Kind: 9, Message: "odd"}
	response, err, logs := seenByHTTP(odd.WithHeader("a", "b"))
	if response.Status != 500 || err != nil || !slices.Equal(logs, []string{"error: odd"}) {
		t.Errorf("got %v, %v; logged %q", response, err, logs)
	}
}

func TestFailureWithAnotherHeaderDoesNotChangeTheOriginal(t *testing.T) {
	first := hostel.Conflict("no").WithHeader("a", "1")
	second, third := first.WithHeader("b", "2"), first.WithHeader("c", "3")
	for expected, failure := range map[string]error{"a=1": first, "a=1 b=2": second, "a=1 c=3": third} {
		response, err, _ := seenByHTTP(failure)
		if shownHeaders(response.Headers) != expected || err != nil {
			t.Errorf("got %v, %v; expected %s", response, err, expected)
		}
	}
	response, err, _ := seenByHTTP(hostel.Conflict("plain"))
	if failsWith(t, err, hostel.FailureConflict, "plain"); response.Status != 0 {
		t.Errorf("got %v", response)
	}
}
