package hostel_test

import (
	"fmt"
	"time"

	"hostel-sdk"
)

type User struct {
	Username string   `json:"username"`
	Email    string   `json:"email"`
	Roles    []string `json:"roles"`
}

func init() {
	hostel.Handle("user-profile", "Stores a user with an expiry and reads the fields back.", userProfile)
}

func userProfile(ctx *hostel.Context, _ struct{}) (struct{}, error) {
	user := User{"joe", "joe@example.com", []string{"admin", "editor"}}
	if err := ctx.Cache.SetWithExpiry("user:123", user, 300*time.Second); err != nil {
		return struct{}{}, err
	}
	cached, found, err := hostel.Get[User](ctx.Cache, "user:123")
	if found {
		ctx.Log.Infof("%s", cached.Username)
		ctx.Log.Infof("%q", cached.Roles)
	}
	return struct{}{}, err
}

// This service stores a user with an expiry and reads the user's fields back. The example calls the
// service on the fake.
func Example() {
	fake := hostel.NewFake()
	response, err := fake.Call("user-profile", nil)
	fmt.Println(response.Status, err)
	for _, line := range fake.Logs() {
		fmt.Println(line)
	}

	fake.Advance(300 * time.Second)
	exists, err := fake.Context().Cache.Exists("user:123")
	fmt.Println(exists, err)
	// Output:
	// 204 <nil>
	// info: joe
	// info: ["admin" "editor"]
	// false <nil>
}

// This handler returns failures, and a response that is not JSON.
func ExampleHandle() {
	hostel.Handle("orders.page", "Shows an order as a page.",
		func(ctx *hostel.Context, _ struct{}) (hostel.Response, error) {
			id := ctx.Request.PathParam("id")
			item, found, err := hostel.Get[string](ctx.Cache, "order:"+id)
			if err != nil {
				return hostel.Response{}, fmt.Errorf("reading order %q: %w", id, err)
			}
			if !found {
				return hostel.Response{}, hostel.NotFound("no order %q", id)
			}
			return hostel.Text(item).WithHeader("cache-control", "no-store"), nil
		})

	fake := hostel.NewFake()
	fake.Serve("GET /orders/{id}", "orders.page")
	fmt.Println(fake.HTTP("GET", "/orders/7").Status)
	if err := fake.Context().Cache.Set("order:7", "tea"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(string(fake.HTTP("GET", "/orders/7").Body))
	// Output:
	// 404
	// tea
}

// The error of a refused cache call contains the rule that the call violates.
func ExampleCache_SetWithExpiry() {
	cache := hostel.NewFake().Context().Cache
	fmt.Println(cache.SetWithExpiry("k", 1, 1500*time.Millisecond))
	// Output:
	// an expiry of 1.5s: it must be whole seconds, 1 to 315360000 (ten years), as expiry.Truncate(time.Second) is
}
