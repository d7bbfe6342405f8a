package main

import (
	"encoding/json"
	"testing"

	"hostel-sdk"
)

// sentHTTP describes the HTTP request of a step.
type sentHTTP struct {
	Method      *string
	Path        *string
	Query       string
	PathParams  [][2]string `json:"path_params"`
	Headers     [][2]string
	ContentType string `json:"content_type"`
	Body        string
}

// payloadOf returns the payload for a step: the step itself, or an HTTP request with the step in a
// header.
func payloadOf(t *testing.T, step map[string]any) any {
	t.Helper()
	if step["http"] == nil {
		return step
	}
	var sent sentHTTP
	copied(t, step["http"], &sent)
	http := &hostel.HTTPRequest{Method: "GET", Path: "/", Query: sent.Query}
	if sent.Method != nil {
		http.Method = *sent.Method
	}
	if sent.Path != nil {
		http.Path = *sent.Path
	}
	for _, param := range sent.PathParams {
		http.PathParams = append(http.PathParams, hostel.PathParam{Name: param[0], Value: param[1]})
	}
	header, err := json.Marshal(step)
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range append(sent.Headers, [2]string{"x-step", string(header)}) {
		header := hostel.Header{Name: header[0], Value: []byte(header[1])}
		http.Headers = append(http.Headers, header)
	}
	return hostel.Request{ContentType: sent.ContentType, Body: []byte(sent.Body), HTTP: http}
}

// shownAs converts a response to the form of the expected response, with the same members.
func shownAs(t *testing.T, response hostel.Response, expected map[string]any) map[string]any {
	t.Helper()
	headers := []any{}
	for _, header := range response.Headers {
		headers = append(headers, []any{header.Name, string(header.Value)})
	}
	all := map[string]any{
		"status": float64(response.Status), "content-type": response.ContentType, "headers": headers,
		"body": string(response.Body),
	}
	if wanted, isObject := expected["body"].(map[string]any); isObject {
		var body map[string]any
		if err := json.Unmarshal(response.Body, &body); err != nil {
			t.Fatal(err)
		}
		all["body"] = membersOf(body, wanted)
	}
	return membersOf(all, expected)
}

func membersOf(all, wanted map[string]any) map[string]any {
	members := make(map[string]any)
	for name := range wanted {
		members[name] = all[name]
	}
	return members
}

func copied(t *testing.T, value, target any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, target)
	}
	if err != nil {
		t.Fatal(err)
	}
}
