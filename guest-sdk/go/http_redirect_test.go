package hostel_test

import (
	"strings"
	"testing"

	"hostel-sdk"
)

// redirects returns a fake on which `http://a/5` redirects to `http://a/4`, and so on to
// `http://a/0`, which responds with a text.
func redirects() *hostel.Fake {
	fake := hostel.NewFake()
	for i, path := range []string{"/0", "1", "./2", "http://a/3", "4"} {
		url := "http://a/" + string(rune('1'+i))
		fake.Route("GET", url, hostel.Empty().WithStatus(302).WithHeader("location", path).WithHeader("location", "/not"))
	}
	fake.Route("GET", "http://a/0", hostel.Text("there"))
	return fake
}

func TestFakeFollowsRedirectsUpToTheLimitOfTheRequest(t *testing.T) {
	fake := redirects()
	http := fake.Context().HTTP
	response := checked[*hostel.HTTPResponse](t)(http.Get("http://a/5"))
	if response.URL != "http://a/0" || response.Status != 200 || len(fake.Requests()) != 6 {
		t.Errorf("got %+v after %d requests", response, len(fake.Requests()))
	}
	response = checked[*hostel.HTTPResponse](t)(http.Get("http://a/5", hostel.WithRedirects(0)))
	if response.URL != "http://a/5" || response.Status != 302 {
		t.Errorf("got %+v", response)
	}
	_, err := http.Get("http://a/5", hostel.WithRedirects(4))
	unsent(t, err, hostel.HTTPAborted, "http://a/1: it redirects more than 4 times")
}

func TestRedirectChangesMethodAndHeadersAsAHostDoes(t *testing.T) {
	for _, one := range []struct {
		method   string
		status   int
		location string
		expected string
	}{
		{"POST", 302, "/b", "GET http://a/b  authorization=s x=y"},
		{"POST", 301, "/b", "GET http://a/b  authorization=s x=y"},
		{"PUT", 303, "/b#f", "GET http://a/b  authorization=s x=y"},
		{"PUT", 302, "/b", "PUT http://a/b text authorization=s x=y content-type=text/plain; charset=utf-8"},
		{"POST", 307, "/b", "POST http://a/b text authorization=s x=y content-type=text/plain; charset=utf-8"},
		{"POST", 308, "https://a/b", "POST https://a/b text x=y content-type=text/plain; charset=utf-8"},
		{"HEAD", 303, "http://b/", "HEAD http://b/ text x=y content-type=text/plain; charset=utf-8"},
	} {
		fake := hostel.NewFake()
		for _, method := range []string{"GET", "PUT", "POST", "HEAD"} {
			fake.Route(method, "http*", hostel.Empty())
		}
		fake.Route(one.method, "http://a/", hostel.Empty().WithStatus(one.status).WithHeader("location", one.location))
		request := hostel.NewOutgoingRequest(one.method, "http://a/", hostel.WithText("text"),
			hostel.WithHeader("authorization", "s"), hostel.WithHeader("x", "y"))
		if _, err := fake.Context().HTTP.Send(request); err != nil {
			t.Fatal(err)
		}
		last := fake.Requests()[1]
		sent := strings.Join([]string{last.Method, last.URL, string(last.Body), shownHeaders(last.Headers)}, " ")
		if sent != one.expected {
			t.Errorf("%s %d: sent %q; expected %q", one.method, one.status, sent, one.expected)
		}
	}
}

func TestRedirectToAnInvalidURLIsAborted(t *testing.T) {
	for _, location := range []string{"ftp://a", "http://u:p@a/", "http://[", "mailto:a"} {
		fake := hostel.NewFake()
		fake.Route("GET", "http://a/", hostel.Empty().WithStatus(302).WithHeader("location", location))
		_, err := fake.Context().HTTP.Get("http://a/")
		unsent(t, err, hostel.HTTPAborted, "http://a/: its redirect target is not an http or https URL")
	}
}
