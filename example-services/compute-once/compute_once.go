// Computes a value once, however many calls need it at the same time.

package main

import (
	"time"

	"hostel-sdk"
)

const (
	expiry = time.Minute
	// One call in the last ten seconds computes the next value, and none has to wait.
	early = 10 * time.Second
)

func init() {
	what := "Computes a value once, however many calls need it at the same time."
	hostel.Handle("compute-once", what, computeOnce)
}

// main never runs in a plugin, but Go wants one.
func main() {}

func computeOnce(ctx *hostel.Context, _ struct{}) (struct{}, error) {
	// Stands for whatever is slow.
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
