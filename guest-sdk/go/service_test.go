package hostel_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"hostel-sdk"
)

// These services are registered once for all tests: a process has only one list of services.
func init() {
	hostel.Handle("log-request", "Logs its request.", logRequest)
	hostel.Handle("add_numbers", "Adds numbers.", add)
	hostel.Handle("made.by.hand", "", made)
	hostel.Handle("by-pointer", "", byPointer)
	hostel.Handle("fails", "", fails)
	hostel.Handle("panics", "", panics)
	hostel.Handle("unread", "", unread)
	hostel.Handle("nan", "", nan)
	hostel.Handle("odd-status", "", oddStatus)
	hostel.Handle("is-context", "", isContext)
}

func logRequest(ctx *hostel.Context, _ struct{}) (struct{}, error) {
	ctx.Log.Infof("%s %d", ctx.Request.Service, len(ctx.Request.Body))
	return struct{}{}, nil
}

func add(_ *hostel.Context, numbers []uint64) (uint64, error) {
	sum := uint64(0)
	for _, number := range numbers {
		sum += number
	}
	return sum, nil
}

func made(_ *hostel.Context, name string) (hostel.Response, error) {
	return hostel.Text(name).WithStatus(201), nil
}

func byPointer(_ *hostel.Context, name *string) (*hostel.Response, error) {
	if name == nil {
		return nil, nil
	}
	response := hostel.Bytes([]byte(*name)).WithContentType("a/b")
	return &response, nil
}

func fails(_ *hostel.Context, _ any) (any, error) {
	return nil, hostel.Conflict("%s", "taken")
}

func panics(_ *hostel.Context, index int) (int, error) {
	return []int{1}[index], nil
}

func unread(_ *hostel.Context, _ struct{}) (*int, error) {
	return nil, nil
}

func nan(_ *hostel.Context, _ struct{}) (float64, error) {
	return math.NaN(), nil
}

func oddStatus(_ *hostel.Context, status int) (hostel.Response, error) {
	return hostel.Empty().WithStatus(status), nil
}

func isContext(ctx *hostel.Context, _ struct{}) (bool, error) {
	var standard context.Context = ctx
	return standard.Err() == nil, nil
}

func answers(t *testing.T, service string, payload any, status int, contentType, body string) {
	t.Helper()
	response, err := hostel.NewFake().Call(service, payload)
	got := fmt.Sprint(response.Status, response.ContentType, string(response.Body))
	if expected := fmt.Sprint(status, contentType, body); got != expected || err != nil {
		t.Errorf("%s: got %s, %v; expected %s", service, got, err, expected)
	}
}

func failsWith(t *testing.T, err error, kind hostel.FailureKind, message string) {
	t.Helper()
	var failure *hostel.Failure
	if !errors.As(err, &failure) || failure.Kind != kind || !strings.Contains(err.Error(), message) {
		t.Errorf("got %v; expected %v with %q", err, kind, message)
	}
}

func TestRequestReachesTheServiceItNamesWithItsTypedBody(t *testing.T) {
	answers(t, "log-request", "ignored", 204, "", "")
	answers(t, "add_numbers", []int{1, 2}, 200, "application/json", "3")
	answers(t, "made.by.hand", "a<b", 201, "text/plain; charset=utf-8", "a<b")
	answers(t, "by-pointer", "a", 200, "a/b", "a")
	answers(t, "unread", []int{1}, 200, "application/json", "null")
	answers(t, "is-context", nil, 200, "application/json", "true")
	answers(t, "odd-status", 599, 599, "", "")
}

func TestServiceWithoutAValidResponseFails(t *testing.T) {
	for _, refused := range []struct {
		service string
		payload any
		kind    hostel.FailureKind
		message string
	}{
		{"fails", 1, hostel.FailureConflict, "taken"},
		{"add_numbers", "x", hostel.FailureBadRequest, `the request body is "x": it must be an array`},
		{"made.by.hand", nil, hostel.FailureBadRequest, "the request body is null: it must be a string"},
		{"by-pointer", nil, hostel.FailureInternal, "nil"},
		{"nan", nil, hostel.FailureInternal, "NaN"},
		{"odd-status", 99, hostel.FailureInternal, "status 99: it must be from 200 to 599"},
		{"odd-status", 600, hostel.FailureInternal, "status 600"},
		{"fail", nil, hostel.FailureNotFound, "log-request, add_numbers"},
	} {
		_, err := hostel.NewFake().Call(refused.service, refused.payload)
		failsWith(t, err, refused.kind, refused.message)
	}
}

func TestPanicIsAnInternalFailureThatNamesTheAuthorsLine(t *testing.T) {
	fake := hostel.NewFake()
	_, err := fake.Call("panics", 3)
	failsWith(t, err, hostel.FailureInternal, `"panics" panicked: runtime error: index out of range [3]`)
	logs := fake.Logs()
	if len(logs) != 1 {
		t.Fatalf("logged %q", logs)
	}
	lines := strings.Split(logs[0], "\n")
	if len(lines) < 2 || !strings.HasPrefix(lines[0], "error: panic: runtime error: index out of range") ||
		!strings.HasPrefix(lines[1], "  at ") || !strings.Contains(lines[1], "service_test.go:") ||
		!strings.HasSuffix(lines[1], "hostel-sdk_test.panics") {
		t.Errorf("logged %q", logs)
	}
	for _, line := range lines {
		if strings.Contains(line, "in runtime.") || strings.Contains(line, "in hostel-sdk.") ||
			strings.Contains(line, "Handle[...]") {
			t.Errorf("logged %q, which is not the author's", line)
		}
	}
}

func TestErrorIsInternalUnlessItsChainHasAnotherKind(t *testing.T) {
	for kind := hostel.FailureBadRequest; kind <= hostel.FailureUnavailable; kind++ {
		wrapped := fmt.Errorf("saving: %w", &hostel.Failure{Kind: kind, Message: "no"})
		failsWith(t, answeredBy(wrapped), kind, "saving: no")
	}
	for kind := hostel.CacheInvalidKey; kind <= hostel.CacheUnavailable; kind++ {
		expected := hostel.FailureInternal
		if kind == hostel.CacheUnavailable {
			expected = hostel.FailureUnavailable
		}
		refused := &hostel.CacheError{Kind: kind, Message: "no response"}
		failsWith(t, answeredBy(fmt.Errorf("saving: %w", refused)), expected, "saving: no response")
	}
	failsWith(t, answeredBy(errors.New("no disk")), hostel.FailureInternal, "no disk")
	noZone := errors.New("unknown time zone Europe/Paris")
	failsWith(t, answeredBy(noZone), hostel.FailureInternal, `import _ "time/tzdata"`)
}

var answer error

func init() {
	hostel.Handle("answers-error", "", func(*hostel.Context, struct{}) (int, error) {
		return 0, answer
	})
}

// answeredBy returns the error that a caller gets when a service returns err.
func answeredBy(err error) error {
	answer = err
	_, seen := hostel.NewFake().Call("answers-error", nil)
	return seen
}

func TestKindsAndLevelsAreSpeltAsInTheContract(t *testing.T) {
	spelt := fmt.Sprint(
		hostel.FailureBadRequest, hostel.FailureMethodNotAllowed, hostel.FailureUnavailable,
		hostel.CacheInvalidKey, hostel.CacheTooLarge, hostel.CacheUnavailable,
		hostel.LevelDebug, hostel.LevelError, hostel.FailureKind(9),
	)
	const expected = "bad-request method-not-allowed unavailable invalid-key too-large unavailable debug error unknown (9)"
	if spelt != expected {
		t.Errorf("spelt %s", spelt)
	}
}

func TestEachFunctionLogsAtItsLevel(t *testing.T) {
	fake := hostel.NewFake()
	log := fake.Context().Log
	log.Debugf("plain")
	log.Infof("%s has %3d", "Ada", 2)
	log.Warnf("%q", "a")
	log.Errorf("%[1]s %[1]s", "b")
	log.Log(hostel.LevelInfo, "100%")
	log.Log(9, "odd")
	lines := []string{"debug: plain", "info: Ada has   2", `warn: "a"`, "error: b b", "info: 100%", "error: odd"}
	if !slices.Equal(fake.Logs(), lines) {
		t.Errorf("logged %q", fake.Logs())
	}
}
