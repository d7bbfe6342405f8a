package main

import (
	"fmt"
	"time"

	"hostel-sdk"
)

// httpArguments are the arguments of the operations that build a response, or a failure with
// headers.
type httpArguments struct {
	Status         int         `json:"status"`
	Headers        [][2]string `json:"headers"`
	Cookie         *cookie     `json:"cookie"`
	Redirect       string      `json:"redirect"`
	RedirectStatus int         `json:"redirect-status"`
	Text           *string     `json:"text"`
}

type cookie struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	MaxAge   *int64 `json:"max-age"`
	Domain   string `json:"domain"`
	Path     string `json:"path"`
	Secure   *bool  `json:"secure"`
	HTTPOnly *bool  `json:"http-only"`
	SameSite string `json:"same-site"`
}

// readFrom reads the part of the request that a step names.
func readFrom(request *hostel.Request, what, name string) (any, error) {
	switch what {
	case "header":
		return orNil(request.Header(name), len(request.HeaderValues(name)) > 0), nil
	case "header-values":
		return orEmpty(request.HeaderValues(name)), nil
	case "query":
		return orNil(request.Query(name), len(request.QueryValues(name)) > 0), nil
	case "query-values":
		return orEmpty(request.QueryValues(name)), nil
	case "query-integer":
		integer, found, err := request.QueryInteger(name)
		if !found {
			return nil, err
		}
		return integer, err
	case "path-param":
		value := request.PathParam(name)
		return orNil(value, value != ""), nil
	case "path-integer":
		return request.PathInteger(name)
	case "cookie":
		value, found := request.Cookie(name)
		return orNil(value, found), nil
	case "form":
		value, found, err := request.Form(name)
		return orNil(value, found), err
	case "form-values":
		values, err := request.FormValues(name)
		return orEmpty(values), err
	}
	return nil, hostel.Internal("nothing to read is called %s", what)
}

// orEmpty returns an empty list for nil, which JSON would write as null.
func orEmpty(values []string) []string {
	return append([]string{}, values...)
}

func responseOf(args arguments) hostel.Response {
	response := hostel.Empty()
	if args.Redirect != "" {
		response = hostel.Redirect(args.Redirect)
	}
	if args.Text != nil {
		response = hostel.Text(*args.Text)
	}
	for _, status := range []int{args.Status, args.RedirectStatus} {
		if status != 0 {
			response = response.WithStatus(status)
		}
	}
	for _, header := range args.Headers {
		response = response.WithHeader(header[0], header[1])
	}
	if args.Cookie != nil {
		response = response.WithCookie(args.Cookie.made())
	}
	return response
}

func (c *cookie) made() hostel.Cookie {
	cookie := hostel.Cookie{
		Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
		Insecure:       c.Secure != nil && !*c.Secure,
		ScriptReadable: c.HTTPOnly != nil && !*c.HTTPOnly,
	}
	if c.MaxAge != nil {
		cookie.MaxAge = time.Duration(*c.MaxAge) * time.Second
		cookie.Delete = *c.MaxAge == 0
	}
	switch c.SameSite {
	case "strict":
		cookie.SameSite = hostel.SameSiteStrict
	case "none":
		cookie.SameSite = hostel.SameSiteNone
	}
	return cookie
}

func responseDirectly(args arguments) hostel.Response {
	response := hostel.Empty()
	if args.Status != 0 {
		response.Status = args.Status
	}
	for _, header := range args.Headers {
		header := hostel.Header{Name: header[0], Value: []byte(header[1])}
		response.Headers = append(response.Headers, header)
	}
	return response
}

// failureWithHeaders returns a wrapped failure: wrapping must not lose the kind or the headers.
func failureWithHeaders(step step) error {
	failure := failure(step.Value, step.What)
	for _, header := range step.Args.Headers {
		failure = failure.WithHeader(header[0], header[1])
	}
	return fmt.Errorf("%w", failure)
}
