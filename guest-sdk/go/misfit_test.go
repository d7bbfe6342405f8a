package hostel_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hostel-sdk"
)

// money has its own UnmarshalJSON, which reads an integer.
type money struct{ Cents int }

func (m *money) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &m.Cents)
}

type basket struct {
	Count int8 `json:"count"`
	Items []struct {
		Name  string         `json:"name"`
		Sizes map[string]int `json:"sizes"`
	} `json:"items"`
	Paid    bool            `json:"paid"`
	Weight  float32         `json:"weight"`
	Ratio   *float64        `json:"ratio"`
	ByID    map[uint16]bool `json:"by id"`
	Image   []byte          `json:"image"`
	Address netip.Addr      `json:"address"`
	At      time.Time       `json:"at"`
	Number  json.Number     `json:"number"`
	Total   uint64          `json:"total"`
	Price   money           `json:"price"`
	Text    fmt.Stringer    `json:"text"`
}

func TestBodyOfAWrongTypeIsDescribedInJSONTerms(t *testing.T) {
	for body, expected := range map[string]string{
		`[]`:                                  " is an array: it must be an object, at line 1 column 1",
		` "` + "\n" + `"`:                     ": a control character that is not escaped at line 1 column 3",
		"{\n \"count\":1.5}":                  ": count is 1.5: it must be an integer, at line 2 column 12",
		`{"count":-129}`:                      ": count is -129: it must be from -128 to 127, at line 1 column 13",
		`{"total":-1}`:                        ": total is -1: it must be from 0 to 18446744073709551615, at line 1 column 11",
		`{"count":{"a":[]}}`:                  ": count is an object: it must be an integer, at line 1 column 10",
		`{"items":[{},{"name":5}]}`:           ": items[1].name is 5: it must be a string, at line 1 column 22",
		`{"items":[{"sizes":{"a\nb":true}}]}`: `: items[0].sizes["a\nb"] is true: it must be an integer, at line 1 column 31`,
		`{"paid":"yes"}`:                      `: paid is "yes": it must be true or false, at line 1 column 13`,
		`{"weight":1e300}`:                    ": weight is 1e300: it must be from -3.4e38 to 3.4e38, at line 1 column 15",
		`{"ratio":[1]}`:                       ": ratio is an array: it must be a number, at line 1 column 10",
		`{"by id":{"x":true}}`:                `: the name of ["by id"].x is "x": it must be an integer, at line 1 column 11`,
		`{"by id":[]}`:                        `: ["by id"] is an array: it must be an object, at line 1 column 10`,
		`{"image":7}`:                         ": image is 7: it must be a string of base64, at line 1 column 10",
		`{"address":7}`:                       ": address is 7: it must be a string, at line 1 column 12",
		`{"number":false}`:                    ": number is false: it must be a number, at line 1 column 15",
		`{"price":"5"}`:                       ": price is of another type: it must be an integer",
		`{"by":"","price":5.5}`:               ": price is of another type: it must be an integer",
		`{"at":7}`:                            ": Time.UnmarshalJSON: input is not a JSON string",
		`{"text":7}`:                          ": cannot unmarshal number into Go struct field basket.text of type fmt.Stringer",
		`{"paid":"` + strings.Repeat("ä", 65) + `"}`: `: paid is "` + strings.Repeat("ä", 64) + `"..: it must be `,
	} {
		request := hostel.Request{Body: []byte(body)}
		failsWith(t, request.JSON(new(basket)), hostel.FailureBadRequest, "the request body"+expected)
	}
}

func TestMismatchThatAMethodOfTheTypeReturnsIsNotMistakenForAnotherValue(t *testing.T) {
	request := hostel.Request{Body: []byte(`[10,"5"]`)}
	failsWith(t, request.JSON(new([]money)), hostel.FailureBadRequest,
		"the request body: a value in it is of another type: it must be an integer")
}

func TestNullThatDoesNotFitIsDescribedInJSONTerms(t *testing.T) {
	request := hostel.Request{Body: []byte("\n null ")}
	for expected, target := range map[string]any{
		"it must be an integer, at line 2 column 5":     new(uint8),
		"it must be a string, at line 2 column 5":       new(time.Time),
		"it must be another value, at line 2 column 5":  new(money),
		"it must be another value, at line 2 column 5 ": money{},
	} {
		failsWith(t, request.JSON(target), hostel.FailureBadRequest,
			"the request body is null: "+strings.TrimRight(expected, " "))
	}
}

func TestStoredValueOfAWrongTypeIsDescribedInJSONTerms(t *testing.T) {
	cache := hostel.NewFake().Context().Cache
	if err := cache.Set("k", map[string]any{"count": "a"}); err != nil {
		t.Fatal(err)
	}
	_, _, err := hostel.Get[basket](cache, "k")
	refusedAs(t, err, hostel.CacheInvalidValue,
		`the value under "k" cannot be read as hostel_test.basket: count is "a": it must be an integer`)
	_, _, err = hostel.Get[[]int](cache, "k")
	refusedAs(t, err, hostel.CacheInvalidValue,
		`the value under "k" cannot be read as []int: it is an object: it must be an array, at line 1 column 1`)
}
