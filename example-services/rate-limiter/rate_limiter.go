// Allows a limited number of calls a minute.

package main

import (
	"time"

	"hostel-sdk"
)

const (
	maxCalls = 5
	window   = time.Minute
)

func init() {
	hostel.Handle("rate-limiter", "Allows five calls a minute.", rateLimiter)
}

// Go requires a main, which never runs in a plugin.
func main() {}

func rateLimiter(ctx *hostel.Context, _ struct{}) (struct{}, error) {
	// The window begins with its first call: a later call does not change the expiry.
	calls, err := ctx.Cache.IncrementWithExpiry("calls", 1, window)
	if err != nil {
		return struct{}{}, err
	}
	if calls > maxCalls {
		return struct{}{}, hostel.TooManyRequests("at most %d calls a minute", maxCalls)
	}
	ctx.Log.Infof("Call %d of %d", calls, maxCalls)
	return struct{}{}, nil
}
