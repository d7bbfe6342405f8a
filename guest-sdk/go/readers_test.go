package hostel_test

import (
	"net/url"
	"slices"
	"testing"

	"hostel-sdk"
)

func TestRequestWithoutHTTPHasNoHTTPParts(t *testing.T) {
	request := hostel.Request{}
	if request.Header("a") != "" || request.HeaderValues("a") != nil || request.Query("a") != "" ||
		request.QueryValues("a") != nil || request.PathParam("a") != "" {
		t.Error("a part of the request has a value")
	}
	if _, found := request.Cookie("a"); found {
		t.Error("there is a cookie")
	}
	if _, found, err := request.QueryInteger("a"); found || err != nil {
		t.Errorf("got %v, %v", found, err)
	}
	_, err := request.PathInteger("a")
	failsWith(t, err, hostel.FailureInternal, `the route has no path parameter "a"`)
}

func TestHeaderThatIsNotUTF8IsNone(t *testing.T) {
	request := hostel.Request{HTTP: &hostel.HTTPRequest{Headers: []hostel.Header{
		{Name: "a", Value: []byte("1")}, {Name: "a", Value: []byte("\xff")}, {Name: "a", Value: []byte("2")},
	}}}
	if value := request.Header("a"); value != "" {
		t.Errorf("read %q", value)
	}
	if values := request.HeaderValues("A"); !slices.Equal(values, []string{"1", "2"}) {
		t.Errorf("read %q", values)
	}
}

func TestClientAddressHasNoPortAndNoBrackets(t *testing.T) {
	for client, expected := range map[string]string{
		"192.0.2.1:4711": "192.0.2.1", "[2001:db8::1]:0": "2001:db8::1", "": "",
	} {
		request := hostel.Request{HTTP: &hostel.HTTPRequest{Client: client}}
		if address := request.ClientAddress(); address != expected {
			t.Errorf("%s: read %q", client, address)
		}
	}
	request := hostel.Request{}
	if address := request.ClientAddress(); address != "" {
		t.Errorf("read %q", address)
	}
}

func queryOf(query string) *hostel.Request {
	return &hostel.Request{HTTP: &hostel.HTTPRequest{Query: query}}
}

// The expected texts follow the WHATWG Encoding Standard: one U+FFFD for each truncated character
// and for each byte that cannot begin a character.
func TestInvalidUTF8IsReplacedAsOnTheWeb(t *testing.T) {
	for query, expected := range map[string]string{
		"%E2%82a":      "\ufffda",
		"%E2%82":       "\ufffd",
		"%E0%80":       "\ufffd\ufffd",
		"%ED%A0%80":    "\ufffd\ufffd\ufffd",
		"%F0%9F%98%41": "\ufffdA",
		"%FF%FE":       "\ufffd\ufffd",
		"\xc3":         "\ufffd",
		"%EF%BB%BFa":   "\ufeffa",
		"%f0%9f%98%80": "😀",
		"%2":           "%2",
		"%2%41":        "%2A",
		"%%41":         "%A",
	} {
		if value := queryOf("q=" + query).Query("q"); value != expected {
			t.Errorf("%s: read %q; expected %q", query, value, expected)
		}
	}
}

func TestSmallestAndLargestIntegersAreRead(t *testing.T) {
	request := queryOf("least=-9223372036854775808&most=9223372036854775807&less=-9223372036854775809")
	for name, expected := range map[string]int64{"least": -1 << 63, "most": 1<<63 - 1} {
		if value, found, err := request.QueryInteger(name); value != expected || !found || err != nil {
			t.Errorf("read %d, %v, %v", value, found, err)
		}
	}
	_, found, err := request.QueryInteger("less")
	failsWith(t, err, hostel.FailureBadRequest, "it must be from -9223372036854775808 to ")
	if found {
		t.Error("an invalid value is found")
	}
}

func TestCookieWithOneQuoteKeepsIt(t *testing.T) {
	header := hostel.Header{Name: "cookie", Value: []byte("\ta\t=\t\"x\t; b=\"; c=\"\"")}
	request := hostel.Request{HTTP: &hostel.HTTPRequest{Headers: []hostel.Header{header}}}
	for name, expected := range map[string]string{"a": `"x`, "b": `"`, "c": ""} {
		if value, found := request.Cookie(name); value != expected || !found {
			t.Errorf("%s: read %q, %v", name, value, found)
		}
	}
}

func TestFormIsReadAsItIsWritten(t *testing.T) {
	fields := url.Values{"b": {"1", "ä&=+ %~*-._\x00"}, "a ": {""}}
	option := hostel.WithForm(fields)
	sent := hostel.NewOutgoingRequest("POST", "https://a.example", option)
	expected := "a+=&b=1&b=%C3%A4%26%3D%2B+%25%7E*-._%00"
	if string(sent.Body) != expected || shownHeaders(sent.Headers) != "content-type=application/x-www-form-urlencoded" {
		t.Errorf("sent %s, %v", sent.Body, sent.Headers)
	}
	request := hostel.Request{ContentType: string(sent.Headers[0].Value), Body: sent.Body}
	for name, values := range fields {
		if read, err := request.FormValues(name); !slices.Equal(read, values) || err != nil {
			t.Errorf("%q: read %q, %v", name, read, err)
		}
	}
	request = hostel.Request{ContentType: "text/plain"}
	_, _, err := request.Form("a")
	failsWith(t, err, hostel.FailureBadRequest, "the request body: it must be a form")
}
