package main

import (
	"encoding/json"
	"testing"

	"hostel-sdk"
)

func TestPlacedOrderIsFoundWhereTheResponsePoints(t *testing.T) {
	fake := hostel.NewFake()
	fake.Serve("POST /orders", "place")
	fake.Serve("GET /orders/{id}", "find")

	placed := fake.HTTP("POST", "/orders", hostel.WithJSON(NewOrder{"tea", 2}))
	if placed.Status != 201 {
		t.Errorf("got %+v", placed)
	}
	found := fake.HTTP("GET", placed.Header("Location"))
	if string(found.Body) != `{"id":1,"item":"tea","count":2}` {
		t.Errorf("got %s", found.Body)
	}

	var problem struct{ Detail string }
	none := fake.HTTP("GET", "/orders/9")
	if err := json.Unmarshal(none.Body, &problem); err != nil {
		t.Fatal(err)
	}
	if none.Status != 404 || problem.Detail != "no order 9" {
		t.Errorf("got %d, %+v", none.Status, problem)
	}
}
