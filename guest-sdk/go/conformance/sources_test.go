package main

import (
	"testing"

	"hostel-sdk"
)

func checkCall(t *testing.T, fake *hostel.Fake, service string, payload any, expected string) {
	t.Helper()
	response, err := fake.Call(service, payload)
	if string(response.Body) != expected || err != nil {
		t.Errorf("%s: got %s, %v; expected %s", service, response.Body, err, expected)
	}
}

func TestRequestsAndSettingsOfTheFakeAreShown(t *testing.T) {
	fake := hostel.NewFake()
	fake.Route("GET", "http://a/*", hostel.Text("there").WithStatus(404))
	fake.RouteError("PUT", "http://a/", hostel.HTTPTooLarge)
	fake.SetConfig("a", "1")
	get := map[string]any{"method": "GET", "url": "http://a/b", "headers": [][2]string{{"x", "y"}}, "timeout": 5}
	put := map[string]any{"method": "PUT", "url": "http://a/", "body": "text", "timeout": nil}
	there := `{"body":"there","headers":[["content-type","text/plain; charset=utf-8"]],` +
		`"status":404,"url":"http://a/b"}`
	refused := `{"error":"too-large","message":"http://a/: the fake returns too-large"}`
	checkCall(t, fake, "http-send", []any{get}, "["+there+"]")
	checkCall(t, fake, "http-send", []any{put, get}, "["+refused+","+there+"]")
	checkCall(t, fake, "http-at-once", []string{"http://a/1", "http://a/2"}, "[404,404]")
	checkCall(t, fake, "config-get", "a", `"1"`)
	checkCall(t, fake, "config-get", "b", "null")
	checkCall(t, fake, "config-names", nil, `["a"]`)
}
