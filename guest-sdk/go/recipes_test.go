package hostel_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"hostel-sdk"
)

// The recipes of docs/recipes.md, verbatim.

func checkRate(ctx *hostel.Context) error {
	key := "calls:" + ctx.Request.ClientAddress()
	calls, err := ctx.Cache.IncrementWithExpiry(key, 1, time.Minute)
	if err != nil {
		return err
	}
	if calls > 100 {
		failure := hostel.TooManyRequests("at most 100 calls a minute")
		return failure.WithHeader("Retry-After", "60")
	}
	return nil
}

func issue(ctx *hostel.Context, token, user string) error {
	return ctx.Cache.SetWithExpiry("token:"+token, user, 10*time.Minute)
}

func redeem(ctx *hostel.Context, token string) (string, error) {
	user, found, err := hostel.Take[string](ctx.Cache, "token:"+token)
	if err != nil {
		return "", err
	}
	if !found {
		return "", hostel.Unauthorized("the link is used or has expired")
	}
	return user, nil
}

func report(ctx *hostel.Context, build func() error) error {
	mine := rand.Uint64()
	locked, err := ctx.Cache.SetIfAbsentWithExpiry("lock:report", mine, 30*time.Second)
	if err != nil {
		return err
	}
	if !locked {
		return hostel.Conflict("the report is being made")
	}
	built := build()
	text := strconv.FormatUint(mine, 10)
	_, err = ctx.Cache.CompareAndSwapRaw("lock:report", &text, nil, hostel.Keep)
	return errors.Join(built, err)
}

func lastSearches(ctx *hostel.Context, user, search string) ([]string, error) {
	return hostel.Update(ctx.Cache, "searches:"+user, func(searches []string, _ bool) ([]string, error) {
		searches = slices.Insert(searches, 0, search)
		return searches[:min(len(searches), 3)], nil
	})
}

func price(ctx *hostel.Context, item string) (int, error) {
	generation, err := hostel.GetOrSet(ctx.Cache, "prices", hostel.Unlimited, func() (uint64, error) {
		return rand.Uint64(), nil
	})
	if err != nil {
		return 0, err
	}
	key := "price:" + strconv.FormatUint(generation, 10) + ":" + item
	return hostel.GetOrSet(ctx.Cache, key, time.Hour, func() (int, error) { return readPrice(item) })
}

func dropPrices(ctx *hostel.Context) error {
	_, err := ctx.Cache.Delete("prices")
	return err
}

func TestRateLimiterRefusesTheHundredAndFirstCallOfAMinute(t *testing.T) {
	fake := hostel.NewFake()
	check := func(client string) error {
		http := &hostel.HTTPRequest{Client: client}
		return checkRate(fake.ContextWith(hostel.Request{HTTP: http}))
	}
	for port := range 100 {
		if err := check(fmt.Sprintf("192.0.2.1:%d", port)); err != nil {
			t.Fatal(err)
		}
	}
	failsWith(t, check("192.0.2.1:7"), hostel.FailureTooManyRequests, "at most 100 calls")
	if err := check("192.0.2.2:7"); err != nil {
		t.Error(err)
	}
	fake.Advance(time.Minute)
	if err := check("192.0.2.1:7"); err != nil {
		t.Error(err)
	}
}

func TestTokenIsRedeemedOnce(t *testing.T) {
	ctx := hostel.NewFake().Context()
	if err := issue(ctx, "abc123", "ada"); err != nil {
		t.Fatal(err)
	}
	if user, err := redeem(ctx, "abc123"); user != "ada" || err != nil {
		t.Errorf("got %q, %v", user, err)
	}
	_, err := redeem(ctx, "abc123")
	failsWith(t, err, hostel.FailureUnauthorized, "used or has expired")
}

func TestLockLetsOneInAndIsReleasedByItsOwnerAlone(t *testing.T) {
	fake := hostel.NewFake()
	ctx := fake.Context()
	nested := report(ctx, func() error { return report(ctx, func() error { return nil }) })
	failsWith(t, nested, hostel.FailureConflict, "the report is being made")
	afterExpiry := report(ctx, func() error {
		fake.Advance(30 * time.Second)
		locked, err := ctx.Cache.SetIfAbsent("lock:report", "another")
		if !locked {
			t.Error("the lock has not expired")
		}
		return err
	})
	if afterExpiry != nil {
		t.Error(afterExpiry)
	}
	holds(t, ctx.Cache, "lock:report", `"another"`)
}

func TestLastThreeSearchesStay(t *testing.T) {
	ctx := hostel.NewFake().Context()
	var searches []string
	for _, search := range []string{"a", "b", "c", "d"} {
		searches = checked[[]string](t)(lastSearches(ctx, "ada", search))
	}
	if !slices.Equal(searches, []string{"d", "c", "b"}) {
		t.Errorf("got %q", searches)
	}
}

var pricesRead int

func readPrice(string) (int, error) {
	pricesRead++
	return pricesRead, nil
}

func TestDroppedPricesAreReadAnew(t *testing.T) {
	ctx := hostel.NewFake().Context()
	pricesRead = 0
	var prices []int
	for range 2 {
		for range 2 {
			prices = append(prices, checked[int](t)(price(ctx, "tea")))
		}
		if err := dropPrices(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(prices, []int{1, 1, 2, 2}) {
		t.Errorf("got %v", prices)
	}
}
