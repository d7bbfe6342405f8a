package main

import (
	"fmt"
	"testing"
	"time"

	"hostel-sdk"
)

func TestServicesRespondAsThePageShows(t *testing.T) {
	fake := hostel.NewFake()
	fake.SetConfig("total-token", "let-me-in-please")
	fake.Serve("GET /orders", "search")
	fake.Serve("POST /orders", "place")
	fake.Serve("POST /language", "set-language")
	fake.Serve("GET /language", "language")
	fake.Serve("GET /orders/total", "total")
	check := func(expected, method, target string, options ...hostel.HTTPOption) {
		t.Helper()
		response := fake.HTTP(method, target, options...)
		got := fmt.Sprint(response.Status)
		for _, header := range response.Headers {
			got += fmt.Sprintf(" %s: %s", header.Name, header.Value)
		}
		if response.Status == 200 {
			got = string(response.Body)
		}
		if got != expected {
			t.Errorf("%s %s: got %s; expected %s", method, target, got, expected)
		}
	}

	german := hostel.WithHeader("Accept-Language", "de")
	check(`{"status":"sent","page":2,"language":"de"}`, "GET", "/orders?status=sent&page=2", german)
	check(`{"status":"open","page":1,"language":"en"}`, "GET", "/orders")
	check("400", "GET", "/orders?page=two")
	check("400", "POST", "/orders", hostel.WithJSON(NewOrder{"tea", 0}))

	form := func(language string) hostel.HTTPOption {
		return hostel.WithForm(map[string][]string{"language": {language}})
	}
	check("303 location: /language set-cookie: language=de; Max-Age=31536000; Path=/; Secure; HttpOnly; "+
		"SameSite=Lax", "POST", "/language", form("de"))
	check("400", "POST", "/language", form("fr"))
	check(`"en"`, "GET", "/language")
	check(`"de"`, "GET", "/language", hostel.WithHeader("Cookie", "language=de"))

	token := hostel.WithHeader("Authorization", "Bearer let-me-in-please")
	check("0", "GET", "/orders/total", token)
	check("429 retry-after: 60", "GET", "/orders/total", token)
	fake.Advance(time.Minute)
	check("401 www-authenticate: Bearer", "GET", "/orders/total")
}
