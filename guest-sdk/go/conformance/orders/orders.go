// The service of docs/answer-over-http.md: each Go listing of the page is a part of this file or of
// orders_test.go.
package main

import (
	"cmp"
	"fmt"
	"time"

	"hostel-sdk"
)

func init() {
	hostel.Handle("find", "Finds an order.", find)
	hostel.Handle("search", "Searches orders.", search)
	hostel.Handle("place", "Places an order.", place)
	hostel.Handle("set-language", "Sets the client's language.", setLanguage)
	hostel.Handle("language", "Returns the client's language.", language)
	hostel.Handle("total", "Counts all orders.", total)
}

func main() {}

type Order struct {
	ID    int64  `json:"id"`
	Item  string `json:"item"`
	Count int    `json:"count"`
}

// struct{}: the service reads no body.
func find(ctx *hostel.Context, _ struct{}) (Order, error) {
	id, err := ctx.Request.PathInteger("id")
	if err != nil {
		return Order{}, err
	}
	order, found, err := hostel.Get[Order](ctx.Cache, fmt.Sprintf("order:%d", id))
	if err == nil && !found {
		err = hostel.NotFound("no order %d", id)
	}
	return order, err
}

type Page struct {
	Status   string `json:"status"`
	Page     int64  `json:"page"`
	Language string `json:"language"`
}

func search(ctx *hostel.Context, _ struct{}) (Page, error) {
	page, found, err := ctx.Request.QueryInteger("page")
	if !found {
		page = 1
	}
	status := cmp.Or(ctx.Request.Query("status"), "open")
	language := cmp.Or(ctx.Request.Header("Accept-Language"), "en")
	return Page{status, page, language}, err
}

type NewOrder struct {
	Item  string `json:"item"`
	Count int    `json:"count"`
}

func place(ctx *hostel.Context, ordered NewOrder) (hostel.Response, error) {
	if ordered.Count < 1 {
		return hostel.Response{}, hostel.BadRequest("the count is %d: it must be 1 or more", ordered.Count)
	}
	id, err := ctx.Cache.Increment("orders", 1)
	if err != nil {
		return hostel.Response{}, err
	}
	order := Order{id, ordered.Item, ordered.Count}
	if err := ctx.Cache.Set(fmt.Sprintf("order:%d", id), order); err != nil {
		return hostel.Response{}, err
	}
	response, err := hostel.JSON(order)
	return response.WithStatus(201).WithHeader("Location", fmt.Sprintf("/orders/%d", id)), err
}

func setLanguage(ctx *hostel.Context, _ struct{}) (hostel.Response, error) {
	language, _, err := ctx.Request.Form("language")
	if err != nil {
		return hostel.Response{}, err
	}
	if language != "de" && language != "en" {
		return hostel.Response{}, hostel.BadRequest("the language must be de or en")
	}
	cookie := hostel.Cookie{Name: "language", Value: language, MaxAge: 365 * 24 * time.Hour}
	return hostel.Redirect("/language").WithCookie(cookie), nil
}

func language(ctx *hostel.Context, _ struct{}) (string, error) {
	if language, found := ctx.Request.Cookie("language"); found {
		return language, nil
	}
	return "en", nil
}

func total(ctx *hostel.Context, _ struct{}) (int, error) {
	tries, err := ctx.Cache.IncrementWithExpiry("tries", 1, time.Minute)
	if err != nil {
		return 0, err
	}
	if tries > 1 {
		return 0, hostel.TooManyRequests("at most one try a minute").WithHeader("Retry-After", "60")
	}
	token, err := ctx.Config.Require("total-token")
	if err != nil {
		return 0, err
	}
	if ctx.Request.Header("Authorization") != "Bearer "+token {
		failure := hostel.Unauthorized("the total needs a token")
		return 0, failure.WithHeader("WWW-Authenticate", "Bearer")
	}
	orders, _, err := hostel.Get[int](ctx.Cache, "orders")
	return orders, err
}
