package main

import (
	"sync"
	"time"

	"hostel-sdk"
)

func init() {
	hostel.Handle("http-send", "Sends requests, several at the same time.", httpSend)
	hostel.Handle("http-at-once", "Fetches URLs by a goroutine each.", httpAtOnce)
	hostel.Handle("config-get", "Returns the value of a setting.", configGet)
	hostel.Handle("config-names", "Returns the names of all settings.", configNames)
}

type asked struct {
	Method    string      `json:"method"`
	URL       string      `json:"url"`
	Headers   [][2]string `json:"headers"`
	Body      string      `json:"body"`
	Timeout   *int64      `json:"timeout"`
	Redirects int         `json:"redirects"`
}

func (a asked) request() hostel.OutgoingRequest {
	request := hostel.OutgoingRequest{
		Method: a.Method, URL: a.URL, Body: []byte(a.Body), Redirects: a.Redirects,
	}
	for _, header := range a.Headers {
		header := hostel.Header{Name: header[0], Value: []byte(header[1])}
		request.Headers = append(request.Headers, header)
	}
	if a.Timeout != nil {
		request.Timeout = time.Duration(*a.Timeout) * time.Millisecond
	}
	return request
}

func httpSend(ctx *hostel.Context, requests []asked) ([]answer, error) {
	var results []hostel.HTTPResult
	if len(requests) == 1 {
		response, err := ctx.HTTP.Send(requests[0].request())
		results = []hostel.HTTPResult{{Response: response, Err: err}}
	} else {
		all := make([]hostel.OutgoingRequest, len(requests))
		for i, asked := range requests {
			all[i] = asked.request()
		}
		results = ctx.HTTP.SendMany(all...)
	}
	answers := make([]answer, len(results))
	for i, result := range results {
		answers[i] = shown(result)
	}
	return answers, nil
}

func shown(result hostel.HTTPResult) answer {
	if refused, is := result.Err.(*hostel.HTTPError); is {
		return answer{"error": refused.Kind.String(), "message": refused.Message}
	}
	response := result.Response
	headers := make([][2]string, len(response.Headers))
	for i, header := range response.Headers {
		headers[i] = [2]string{header.Name, string(header.Value)}
	}
	return answer{
		"status": response.Status, "url": response.URL, "headers": headers, "body": string(response.Body),
	}
}

func httpAtOnce(ctx *hostel.Context, urls []string) ([]int, error) {
	statuses, errs := make([]int, len(urls)), make([]error, len(urls))
	var group sync.WaitGroup
	for i, url := range urls {
		group.Go(func() {
			response, err := ctx.HTTP.Get(url)
			if errs[i] = err; err == nil {
				statuses[i] = response.Status
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return statuses, nil
}

func configGet(ctx *hostel.Context, name string) (any, error) {
	value, found := ctx.Config.Get(name)
	return orNil(value, found), nil
}

func configNames(ctx *hostel.Context, _ struct{}) ([]string, error) {
	return ctx.Config.Names(), nil
}
