package hostel_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hostel-sdk"
)

func init() {
	hostel.Handle("shown", "Shows its request.", func(ctx *hostel.Context, _ struct{}) (string, error) {
		http := ctx.Request.HTTP
		text := ""
		for _, param := range http.PathParams {
			text += " " + param.Name + "=" + param.Value
		}
		return strings.TrimSpace(text), nil
	})
	hostel.Handle("shown.whole", "Shows its request.", func(ctx *hostel.Context, _ struct{}) (string, error) {
		r, http := ctx.Request, ctx.Request.HTTP
		return fmt.Sprint(r.Service, " ", r.ContentType, " ", string(r.Body), " ", http.Method, " ", http.Path,
			" ", http.Query, " ", http.Authority, " ", http.Client, " ", shownHeaders(http.Headers)), nil
	})
}

// The tests of the host's router have similar requests and routes.
func TestRoutesMatchAsInAHost(t *testing.T) {
	fake := hostel.NewFake()
	for _, route := range []string{
		"GET /users/{id}", "PUT /users/{user}", "DELETE /users/{user}", "GET /users/me",
		"/users/me/{what}", "GET /users/{id}/orders", "GET /", "/services/{name}", "/services",
	} {
		fake.Serve(route, "shown")
	}
	for sent, expected := range map[string]string{
		"GET /users/7":               "id=7",
		"GET /users/a%2Fb%20c":       "id=a/b c",
		"GET /users/me":              "",
		"GET /users/m%65":            "",
		"GET /users/me/x":            "what=x",
		"GET /users/me/orders":       "what=orders",
		"GET /users/you/orders":      "id=you",
		"GET /users/a+b":             "id=a+b",
		"GET /":                      "",
		"GET /?":                     "",
		"PUT /users/7":               "user=7",
		"HEAD /users/7":              "id=7",
		"BREW /users/me/x":           "what=x",
		"POST /users/7":              "405 DELETE, GET, HEAD, PUT",
		"DELETE /users/me":           "405 GET, HEAD",
		"GET /users":                 "404",
		"GET /users/":                "404",
		"GET /users//orders":         "404",
		"GET /users/7/":              "404",
		"GET /USERS/7":               "404",
		"GET /services":              "404",
		"POST /services/users":       "404",
		"GET /users/%":               "400",
		"GET /users/%ff":             "400",
		"GET /users/7?x=%":           "id=7",
		"GET /users/7?x=1?/&me/what": "id=7",
	} {
		method, target, _ := strings.Cut(sent, " ")
		response := fake.HTTP(method, target)
		shown := fmt.Sprint(response.Status)
		if response.Status == 200 {
			if err := json.Unmarshal(response.Body, &shown); err != nil {
				t.Error(err)
			}
		} else if allow := strings.TrimPrefix(shownHeaders(response.Headers), "allow="); allow != "" {
			shown += " " + allow
		}
		if shown != expected {
			t.Errorf("%s: got %s; expected %s", sent, shown, expected)
		}
	}
}

// If a HEAD and a GET route match the same path, the order of their parameters' names decides.
func TestHeadGoesToTheFirstRouteByItsParameter(t *testing.T) {
	for _, routes := range [][]string{{"HEAD /{b}", "GET /{a}"}, {"GET /{a}", "HEAD /{b}"}} {
		fake := hostel.NewFake()
		for _, route := range routes {
			fake.Serve(route, "shown")
		}
		if body := string(fake.HTTP("HEAD", "/x").Body); body != `"a=x"` {
			t.Errorf("%v: got %s", routes, body)
		}
	}
}

func TestRouteThatAHostWouldRefuseFailsTheTest(t *testing.T) {
	for route, part := range map[string]string{
		"orders":             `the route "orders": the path "orders" must begin with a slash`,
		"":                   `the path "" must begin with a slash`,
		"GET orders":         `the path "orders" must begin with a slash`,
		"get /orders":        `unknown method "get"; there are: GET, HEAD`,
		"GET  /orders":       `the path " /orders" must begin with a slash`,
		"/orders/":           "it has the segment \"\": a segment must not be empty, `.` or `..`",
		"//":                 `it has the segment ""`,
		"/a/../b":            `it has the segment ".."`,
		"/a b":               `it has ' ': write it without percent-encoding`,
		"/a%20b":             `it has '%'`,
		"/a?b":               `it has '?'`,
		"/a\u2003b":          `it has '\u2003'`,
		"/{}":                `it has the segment "{}": a parameter must be a whole segment`,
		"/a{id}":             `it has the segment "a{id}"`,
		"/{id}b":             `it has the segment "{id}b"`,
		"/{ä}":               `it has the segment "{ä}"`,
		"/{id}/{id}":         "it has the parameter `id` twice",
		"GET /taken/{other}": `it matches requests that the route of "shown" matches`,
		"/taken/{id}":        `it matches requests that the route of "shown" matches`,
		"PUT /all":           `it matches requests that the route of "shown.whole" matches`,
	} {
		fake := hostel.NewFake()
		fake.Serve("GET /taken/{id}", "shown")
		fake.Serve("POST /taken/{id}", "shown")
		fake.Serve("/all", "shown.whole")
		panicsWith(t, part, func() { fake.Serve(route, "shown") })
	}
	panicsWith(t, `no service "none" here; there are: `, func() { hostel.NewFake().Serve("/", "none") })
}

func panicsWith(t *testing.T, part string, call func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if cause := fmt.Sprint(recover()); !strings.Contains(cause, part) {
			t.Errorf("panicked with %s; expected %s", cause, part)
		}
	}()
	call()
}

func TestRequestOverHTTPIsComplete(t *testing.T) {
	fake := hostel.NewFake()
	fake.Serve("POST /a/{id}", "shown.whole")
	response := fake.HTTP("POST", "/a/%20?x=%20", hostel.WithJSON([]int{1}), hostel.WithHeader("X-A", "b"))
	const expected = `"shown.whole application/json [1] POST /a/%20 x=%20 localhost 127.0.0.1:1 ` +
		`x-a=b content-type=application/json"`
	if string(response.Body) != expected || response.Status != 200 {
		t.Errorf("got %s; expected %s", response.Body, expected)
	}
	for part, call := range map[string]func(){
		"the target must begin":      func() { fake.HTTP("GET", "a") },
		"percent-encode them":        func() { fake.HTTP("GET", "/a b") },
		"no fragment":                func() { fake.HTTP("GET", "/a#b") },
		"the method has only":        func() { fake.HTTP("GE T", "/a") },
		`"a b" is not a header name`: func() { fake.HTTP("GET", "/a", hostel.WithHeader("a b", "")) },
		"it must have no line break": func() { fake.HTTP("GET", "/a", hostel.WithHeader("a", "\n")) },
		"has no JSON form":           func() { fake.HTTP("GET", "/a", hostel.WithJSON(func() {})) },
	} {
		panicsWith(t, part, call)
	}
	fake.Serve("/fetch", "hide-panics")
	panicsWith(t, "matches no route of the fake;", func() {
		fake.HTTP("POST", "/fetch", hostel.WithJSON("http://a/"))
	})
}

func TestFailureIsAProblemForTheClient(t *testing.T) {
	fake := hostel.NewFake()
	fake.Serve("/conflict", "fails")
	fake.Serve("/panic", "panics")
	for sent, expected := range map[string]string{
		"/conflict": `409 {"type":"about:blank","title":"Conflict","status":409,"code":"conflict","detail":"taken","request_id":""}`,
		"/panic":    `500 {"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal","detail":"the service failed","request_id":""}`,
		"/none":     `404 {"type":"about:blank","title":"Not Found","status":404,"code":"not-found","detail":"no service has this path","request_id":""}`,
	} {
		response := fake.HTTP("POST", sent, hostel.WithJSON(3))
		shown := fmt.Sprint(response.Status, " ", string(response.Body))
		if shown != expected || response.ContentType != "application/problem+json" {
			t.Errorf("%s: got %s %s", sent, response.ContentType, shown)
		}
	}
	logs := strings.Join(fake.Logs(), "|")
	if !strings.Contains(logs, `|error: the service "panics" panicked: runtime error: index out of range`) {
		t.Errorf("logged %q", logs)
	}
}
