// Short links to URLs.
package main

import (
	"crypto/rand"
	"net/url"
	"strings"
	"time"

	"hostel-sdk"
)

const year = 365 * 24 * time.Hour

func init() {
	hostel.Handle("shorten", "Makes a short link.", shorten)
	hostel.Handle("follow", "Redirects to the URL of a short link.", follow)
}

func main() {}

type Long struct {
	URL string `json:"url"`
}

type Short struct {
	Code string `json:"code"`
}

func shorten(ctx *hostel.Context, long Long) (hostel.Response, error) {
	parsed, err := url.Parse(long.URL)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return hostel.Response{}, hostel.BadRequest("the url is %q: it must be of http or https", long.URL)
	}
	for {
		code := strings.ToLower(rand.Text()[:8])
		created, err := ctx.Cache.SetIfAbsentWithExpiry("link:"+code, parsed.String(), year)
		if err != nil {
			return hostel.Response{}, err
		}
		if created {
			response, err := hostel.JSON(Short{code})
			return response.WithStatus(201).WithHeader("Location", "/"+code), err
		}
	}
}

func follow(ctx *hostel.Context, _ struct{}) (hostel.Response, error) {
	code := ctx.Request.PathParam("code")
	long, found, err := hostel.Get[string](ctx.Cache, "link:"+code)
	if err == nil && !found {
		err = hostel.NotFound("no link %q", code)
	}
	return hostel.Redirect(long).WithStatus(302), err
}
