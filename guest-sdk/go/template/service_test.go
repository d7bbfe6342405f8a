package main

import (
	"slices"
	"testing"
	"time"

	"hostel-sdk"
)

func TestGreetingsAreCountedForAnHour(t *testing.T) {
	fake := hostel.NewFake()
	check := func(expected string) {
		t.Helper()
		greeting, err := greet(fake.Context(), &Greeting{Name: "Ada"})
		if greeting != expected || err != nil {
			t.Fatalf("got %q, %v; expected %q", greeting, err, expected)
		}
	}

	check("Hello, Ada! (1)")
	check("Hello, Ada! (2)")
	fake.Advance(time.Hour)
	check("Hello, Ada! (1)")
	if !slices.Contains(fake.Logs(), "info: greetings of Ada: 2") {
		t.Errorf("logged %q", fake.Logs())
	}
}
