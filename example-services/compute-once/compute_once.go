// Computes a value once, however many calls need it at the same time.

package main

import (
	"time"

	"hostel-sdk"
)

const (
	expiry = time.Minute
	// In the last ten seconds before expiry, one call computes the next value, and other calls get the
	// old one.
	early = 10 * time.Second
)

func init() {
	what := "Computes a value once, however many calls need it at the same time."
	hostel.Handle("compute-once", what, computeOnce)
}

// Go requires a main, which never runs in a plugin.
func main() {}

func computeOnce(ctx *hostel.Context, _ struct{}) (struct{}, error) {
	// A placeholder for a slow computation.
	compute := func() (string, error) {
		ctx.Log.Infof("Computing ..")
		return "the-report", nil
	}
	report, err := hostel.GetOrSet(ctx.Cache, "report", expiry, compute, hostel.Early(early))
	if err == nil {
		ctx.Log.Infof("%s", report)
	}
	return struct{}{}, err
}
