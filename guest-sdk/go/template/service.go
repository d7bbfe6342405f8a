package main

import (
	"fmt"
	"time"

	"hostel-sdk"
)

func init() {
	hostel.Handle("greet", "Greets by name, and counts greetings for an hour.", greet)
}

// Go requires a main, which never runs in a plugin.
func main() {}

type Greeting struct {
	Name string `json:"name"`
}

// A pointer, because a request may come without a body.
func greet(ctx *hostel.Context, greeting *Greeting) (string, error) {
	name := "world"
	if greeting != nil {
		name = greeting.Name
	}
	count, err := ctx.Cache.IncrementWithExpiry("greetings:"+name, 1, time.Hour)
	if err != nil {
		return "", err
	}
	ctx.Log.Infof("greetings of %s: %d", name, count)
	return fmt.Sprintf("Hello, %s! (%d)", name, count), nil
}
