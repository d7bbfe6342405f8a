"""Tests of the recipes in the docs, copied verbatim."""

import secrets
import unittest
from collections.abc import Callable

from hostel_sdk import Conflict, HttpRequest, Request, TooManyRequests, Unauthorized, cache
from hostel_sdk.fake import Fake


def check_rate(request: Request) -> None:
    if cache.increment(f"calls:{request.client_address()}", expiry=60) > 100:
        failure = TooManyRequests("at most 100 calls a minute")
        raise failure.with_header("Retry-After", "60")


def issue(token: str, user: str) -> None:
    cache.set(f"token:{token}", user, expiry=600)


def redeem(token: str) -> str:
    user = cache.take(f"token:{token}", str)
    if user is not None:
        return user
    raise Unauthorized("the link is used or has expired")


def report(make: Callable[[], None]) -> None:
    mine = secrets.randbits(53)
    if not cache.set_if_absent("lock:report", mine, expiry=30):
        raise Conflict("the report is being made")
    try:
        make()
    finally:
        cache.compare_and_swap_raw("lock:report", str(mine), None)


def last_searches(user: str, search: str) -> list[str]:
    return cache.update(f"searches:{user}", lambda searches: [search, *(searches or [])][:3])


def price(item: str) -> int:
    generation = cache.get_or_set("prices", lambda: secrets.randbits(53))
    key = f"price:{generation}:{item}"
    return cache.get_or_set(key, lambda: read_price(item), expiry=3600, kind=int)


def drop_prices() -> None:
    cache.delete("prices")


reads = 0


def read_price(_: str) -> int:
    global reads
    reads += 1
    return reads


class RecipesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def test_a_caller_can_make_a_hundred_calls_a_minute(self) -> None:
        def request_of(client: str) -> Request:
            return Request(http=HttpRequest(client=client))

        for port in range(100):
            check_rate(request_of(f"192.0.2.1:{port}"))
        with self.assertRaises(TooManyRequests) as raised:
            check_rate(request_of("192.0.2.1:7"))
        self.assertEqual(raised.exception.headers, [("retry-after", b"60")])
        check_rate(request_of("192.0.2.2:7"))
        self.fake.advance(60)
        check_rate(request_of("192.0.2.1:7"))

    def test_a_token_is_redeemed_once_and_before_it_expires(self) -> None:
        issue("abc123", "ada")
        self.assertEqual(redeem("abc123"), "ada")
        for _ in range(2):
            with self.assertRaises(Unauthorized):
                redeem("abc123")
            issue("abc123", "ada")
            self.fake.advance(600)

    def test_a_lock_has_one_holder_and_only_the_holder_releases_it(self) -> None:
        with self.assertRaises(Conflict):
            report(lambda: report(lambda: None))
        self.assertFalse(cache.exists("lock:report"))

        def late() -> None:
            self.fake.advance(30)
            assert cache.set_if_absent("lock:report", "another")

        report(late)
        self.assertEqual(cache.get("lock:report"), "another")

    def test_the_last_three_searches_are_stored(self) -> None:
        for search in "abcd":
            last = last_searches("ada", search)
        self.assertEqual(last, ["d", "c", "b"])

    def test_prices_are_read_once_until_all_are_dropped(self) -> None:
        first, again = price("tea"), price("tea")
        self.assertEqual(first, again)
        drop_prices()
        self.assertEqual([price("tea"), price("tea")], [first + 1, first + 1])
