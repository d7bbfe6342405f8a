package main

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hostel-sdk"
)

// Runs the scenarios, which all languages share, on the fake. The host's tests run them in a real
// host.
func TestEveryScenarioPassesOnTheFake(t *testing.T) {
	scenarios := read(t, "../../conformance/scenarios.json")
	if len(scenarios) < 50 {
		t.Fatalf("only %d scenarios", len(scenarios))
	}
	for _, scenario := range scenarios {
		t.Run(scenario.Name, func(t *testing.T) {
			fake := hostel.NewFake()
			for _, step := range scenario.Steps {
				checkStep(t, fake, step)
			}
		})
	}
}

type scenario struct {
	Name  string
	Steps []map[string]any
}

func read(t *testing.T, name string) (scenarios []scenario) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &scenarios); err != nil {
		t.Fatal(err)
	}
	return scenarios
}

// checkStep executes one step, either in the test itself or in the plugin, and checks the result.
func checkStep(t *testing.T, fake *hostel.Fake, step map[string]any) {
	t.Helper()
	switch step["op"] {
	case "advance":
		fake.Advance(time.Duration(math.Round(step["seconds"].(float64) * 1e9)))
		return
	case "host-set":
		value := json.RawMessage(step["value"].(string))
		if err := fake.Context().Cache.Set(step["key"].(string), value); err != nil {
			t.Fatal(err)
		}
		return
	}
	logged := len(fake.Logs())
	result := resultOf(t, fake, step)
	if step["may_skip"] == true && reflect.DeepEqual(result, map[string]any{"skip": true}) {
		return
	}
	// Check only that the result is a list: the numbers must differ between instances, but a fake
	// has no instances.
	if _, drew := result["ok"].([]any); drew && step["distinct"] == true {
		return
	}
	expected := step
	if exceptions, found := step["except"].(map[string]any); found {
		if exception, found := exceptions["go"].(map[string]any); found {
			expected = exception
		}
	}
	got, _ := result["message"].(string)
	delete(result, "message")
	if message, _ := expected["message"].(string); !strings.Contains(got, message) {
		t.Errorf("%.200v: got the message %q; expected %q", step, got, message)
	}
	if wanted := wantedOf(expected); !reflect.DeepEqual(result, wanted) {
		t.Errorf("%.200v: got %.200v; expected %.200v", step, result, wanted)
	}
	var lines []string
	if line, found := expected["logged"].([]any); found {
		lines = []string{line[0].(string) + ": " + line[1].(string)}
	}
	added := fake.Logs()[logged:]
	passed := slices.Equal(added, lines)
	if expected["warned"] == true {
		passed = len(added) == 1 && strings.HasPrefix(added[0], "warn: ")
	}
	if !passed {
		t.Errorf("%.200v: logged %q; expected %q", step, added, lines)
	}
}

// resultOf sends one step to the plugin and returns its result.
func resultOf(t *testing.T, fake *hostel.Fake, step map[string]any) map[string]any {
	t.Helper()
	sent := maps.Clone(step)
	if bytes, found := step["bytes"].(float64); found {
		sent["op"], sent["value"] = "set", strings.Repeat("x", int(bytes)-2)
	}
	response, err := fake.Call("conformance", payloadOf(t, sent))
	var failure *hostel.Failure
	if errors.As(err, &failure) {
		return map[string]any{"failure": []any{failure.Kind.String(), failure.Message}}
	}
	if expected, found := step["response"].(map[string]any); found {
		return map[string]any{"response": shownAs(t, response, expected)}
	}
	var result map[string]any
	if err := json.Unmarshal(response.Body, &result); err != nil {
		t.Fatalf("%.200v: %v", step, err)
	}
	return result
}

func wantedOf(step map[string]any) map[string]any {
	for _, name := range []string{"failure", "error", "response"} {
		if value, found := step[name]; found {
			return map[string]any{name: value}
		}
	}
	return map[string]any{"ok": step["ok"]}
}
