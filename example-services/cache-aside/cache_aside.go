// Fetches a value from its source only when the cache has none.
package main

import (
	"time"

	"hostel-sdk"
)

func init() {
	hostel.Handle("cache-aside", "Fetches a value from its source only when the cache has none.", cacheAside)
}

func main() {}

func cacheAside(ctx *hostel.Context, _ struct{}) (struct{}, error) {
	value, err := hostel.GetOrSet(ctx.Cache, "no-such-key", 2*time.Minute, func() (string, error) {
		return fetch(ctx)
	})
	if err == nil {
		ctx.Log.Infof("%s", value)
	}
	return struct{}{}, err
}

// fetch returns the value, a JSON string, from the URL in the setting `source-url`.
func fetch(ctx *hostel.Context) (value string, err error) {
	ctx.Log.Infof("Key not found, fetching from source ..")
	url, err := ctx.Config.Require("source-url")
	if err != nil {
		return "", err
	}
	response, err := ctx.HTTP.Get(url)
	if err != nil {
		return "", err
	}
	if err := response.ErrorForStatus(); err != nil {
		return "", err
	}
	err = response.JSON(&value)
	return value, err
}
