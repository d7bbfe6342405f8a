package main

import (
	"fmt"
	"time"

	"hostel-sdk"
)

func init() {
	hostel.Handle("greet", "Greets by name, and counts until an hour passes without a greeting.", greet)
}

// main never runs in a plugin, but Go wants one.
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
	key := "greetings:" + name
	count, _, err := hostel.Get[int](ctx.Cache, key)
	if err != nil {
		return "", err
	}
	count++
	if err := ctx.Cache.SetWithExpiry(key, count, time.Hour); err != nil {
		return "", err
	}
	ctx.Log.Infof("greetings of %s: %d", name, count)
	return fmt.Sprintf("Hello, %s! (%d)", name, count), nil
}
