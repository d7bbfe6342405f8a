package hostel_test

import (
	"encoding/json"
	"strings"
	"testing"

	"hostel-sdk"
)

type order struct {
	ID    uint64  `json:"id"`
	Price float64 `json:"price"`
}

func TestBodyIsReadAsTheType(t *testing.T) {
	request := hostel.Request{Body: []byte(`{"id": 18446744073709551615, "price": 2, "more": 1}`)}
	var read order
	if err := request.JSON(&read); err != nil || read != (order{18446744073709551615, 2}) {
		t.Errorf("read %v, %v", read, err)
	}
}

func TestEmptyBodyIsReadAsNullIntoTypesThatCanBeNil(t *testing.T) {
	for _, body := range []string{"", "null", " null\n"} {
		request := hostel.Request{Body: []byte(body)}
		pointer, list, object, anything := &order{}, []int{1}, map[string]int{}, any(1)
		for _, target := range []any{&pointer, &list, &object, &anything} {
			if err := request.JSON(target); err != nil {
				t.Errorf("%q: %v", body, err)
			}
		}
		if pointer != nil || list != nil || object != nil || anything != nil {
			t.Errorf("%q: read %v, %v, %v and %v", body, pointer, list, object, anything)
		}
	}
	empty := hostel.Request{}
	text := json.RawMessage("old")
	if err := empty.JSON(&text); err != nil || string(text) != "null" {
		t.Errorf("read %q, %v", text, err)
	}
	failsWith(t, empty.JSON((*any)(nil)), hostel.FailureBadRequest, "needs a JSON body and has none")
	failsWith(t, empty.JSON(new(order)), hostel.FailureBadRequest, "needs a JSON body and has none")
	null := hostel.Request{Body: []byte(" null")}
	failsWith(t, null.JSON(new(order)), hostel.FailureBadRequest, "the request body is null: it must be an object, at line 1 column 5")
}

func TestBodyOfAnotherTypeIsABadRequestThatNamesThePlace(t *testing.T) {
	deep := strings.Repeat("[", 128) + strings.Repeat("]", 128)
	for body, message := range map[string]string{
		"{\"id\": 1,\n\"price\": \"2\"}":       `price is "2": it must be a number, at line 2 column 12`,
		`{"id": 1, "price": 9007199254740993}`: "9007199254740993 does not fit without rounding, at line 1",
		"{} {}":                                "expected nothing after the value at line 1 column 4",
		"{\"id\":\n\n":                         "expected a value at line 3 column 1",
		"\"a\xff\"":                            "not UTF-8 at line 1 column 3",
		`{"a": "\ud800"}`:                      "a high surrogate without a low one after it at line 1 column 8",
		`{"id": 1e400}`:                        "not finite as a binary64 at line 1 column 8",
		deep:                                   "nested deeper than 127 arrays and objects at line 1 column 128",
	} {
		request := hostel.Request{Body: []byte(body)}
		err := request.JSON(new(order))
		failsWith(t, err, hostel.FailureBadRequest, "the request body: ")
		failsWith(t, err, hostel.FailureBadRequest, message)
	}
}

func TestPairedSurrogatesAndOtherEscapesAreRead(t *testing.T) {
	request := hostel.Request{Body: []byte(`"\ud83d\ude00\\ud800 \"\u00e9"`)}
	var text string
	if err := request.JSON(&text); err != nil || text != "😀\\ud800 \"é" {
		t.Errorf("read %q, %v", text, err)
	}
}
