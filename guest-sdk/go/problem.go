package hostel

import "strings"

// HTTP responses for failures: problems (RFC 9457), identical to the host's.

// outcomes are the status and the reason phrase of each kind of failure.
var outcomes = [...]struct {
	status int
	title  string
}{
	FailureBadRequest:       {400, "Bad Request"},
	FailureUnauthorized:     {401, "Unauthorized"},
	FailureForbidden:        {403, "Forbidden"},
	FailureNotFound:         {404, "Not Found"},
	FailureMethodNotAllowed: {405, "Method Not Allowed"},
	FailureConflict:         {409, "Conflict"},
	FailureTooManyRequests:  {429, "Too Many Requests"},
	FailureInternal:         {500, "Internal Server Error"},
	FailureUnavailable:      {503, "Service Unavailable"},
}

type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	RequestID string `json:"request_id"`
}

// problemOf returns the response for a failure, with the failure's headers. The message of a server
// error is logged, and not sent to the client.
func problemOf(ctx *Context, failure *Failure) (Response, error) {
	kind := failure.Kind
	if int(kind) >= len(outcomes) {
		kind = FailureInternal
	}
	detail := strings.ToValidUTF8(failure.Message, "\ufffd")
	switch kind {
	case FailureInternal:
		ctx.Log.Log(LevelError, failure.Message)
		detail = "the service failed"
	case FailureUnavailable:
		ctx.Log.Log(LevelError, failure.Message)
		detail = "something that the service needs is unavailable"
	}
	outcome := outcomes[kind]
	response, err := JSON(problem{
		"about:blank", outcome.title, outcome.status, kind.String(), detail, ctx.Request.ID,
	})
	if err != nil {
		return Response{}, err
	}
	response = response.WithStatus(outcome.status).WithContentType("application/problem+json")
	response.Headers = failure.headers
	return response, response.check()
}
