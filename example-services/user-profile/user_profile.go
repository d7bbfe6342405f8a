// Stores a user with an expiry and reads the fields back.

package main

import (
	"time"

	"hostel-sdk"
)

const expiry = 5 * time.Minute

func init() {
	what := "Stores a user with an expiry and reads the fields back."
	hostel.Handle("user-profile", what, userProfile)
}

// Go requires a main, which never runs in a plugin.
func main() {}

type User struct {
	Username string   `json:"username"`
	Email    string   `json:"email"`
	Roles    []string `json:"roles"`
}

func userProfile(ctx *hostel.Context, _ struct{}) (struct{}, error) {
	user := User{
		Username: "joe",
		Email:    "joe@example.com",
		Roles:    []string{"admin", "editor"},
	}
	if err := ctx.Cache.SetWithExpiry("user:123", user, expiry); err != nil {
		return struct{}{}, err
	}

	cached, found, err := hostel.Get[User](ctx.Cache, "user:123")
	if found {
		ctx.Log.Infof("%s", cached.Username)
		ctx.Log.Infof("%q", cached.Roles)
	}
	return struct{}{}, err
}
