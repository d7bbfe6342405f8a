"""Tests of values that are computed once, on the fake."""

import functools
import math
import unittest
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hostel_sdk import CacheError, Conflict, Failure, Internal, cache, host, service
from hostel_sdk.fake import Fake


@dataclass
class User:
    name: str


def returns(value: Any) -> Callable[[], Any]:
    return lambda: value


def fails() -> Any:
    raise Conflict("no rates")


def host_calls() -> dict[str, Any]:
    """Returns the cache functions of the fake."""
    return {name: getattr(host, name) for name in host.CALLS}


def gone() -> Any:
    names: dict[str, int] = {}
    return names["gone"]


def get(value: Any, **more: Any) -> Any:
    """Calls ``cache.get_or_set`` for `k`. The computed value is `value`, the expiry is a minute,
    and `early` is five seconds."""
    return cache.get_or_set("k", returns(value), expiry=60, early=5, **more)


class LeaseTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def refused(self, kind: str, also: type, call: Any, *args: Any, **more: Any) -> str:
        with self.assertRaises(CacheError) as raised:
            call(*args, **more)
        self.assertEqual(raised.exception.kind, kind)
        self.assertIsInstance(raised.exception, also)
        return str(raised.exception)

    def released(self) -> None:
        self.assertFalse(host.fill("k", "1", None), "the lease is released")

    def test_a_value_is_computed_once_until_it_expires(self) -> None:
        values = iter([1, 2])

        def read() -> Any:
            return cache.get_or_set("k", lambda: next(values), expiry=60)

        self.assertEqual([read(), read()], [1, 1])
        self.fake.advance(59.999)
        self.assertEqual(read(), 1)
        self.fake.advance(timedelta(milliseconds=1))
        self.assertEqual([read(), read()], [2, 2])

    def test_a_value_without_an_expiry_stays(self) -> None:
        self.assertEqual(cache.get_or_set("k", returns(1)), 1)
        self.assertEqual(cache.ttl("k"), math.inf)

    def test_a_hit_is_one_read_and_only_a_miss_requests_a_lease(self) -> None:
        stats = self.fake.stats
        cache.get_or_set("k", returns(1), 60)
        self.assertEqual((stats.hits, stats.misses), (0, 2))
        self.assertEqual(cache.get_or_set("k", returns(2), 60), 1)
        self.assertEqual((stats.hits, stats.misses), (1, 2))
        self.assertEqual(get(2), 1)
        self.assertEqual((stats.hits, stats.misses), (2, 2))

    def test_a_stored_null_is_a_hit(self) -> None:
        for more in ({}, {"early": 5}, {"kind": User}):
            for value in (None, User("Ada")):
                found = cache.get_or_set("k", returns(value), expiry=60, **more)
                self.assertIsNone(found)
            self.assertEqual(cache.get_raw("k"), "null")
            cache.delete("k")

    def test_a_value_is_read_as_its_kind(self) -> None:
        for early in (None, 5):
            cache.delete("k")
            for _ in range(2):
                user = cache.get_or_set("k", lambda: User("Ada"), 60, early, kind=User)
                self.assertEqual(user, User("Ada"))
        self.assertEqual(cache.get_or_set("k", returns(0)), {"name": "Ada"})

    def test_a_value_of_another_kind_is_an_error_that_names_the_key(self) -> None:
        cache.set("k", "v")
        for early in (None, 5):
            read = functools.partial(cache.get_or_set, "k", returns(1), 60, early, kind=int)
            why = self.refused("invalid-value", ValueError, read)
            self.assertIn("the value under 'k' does not fit", why)

    def test_a_value_is_refreshed_in_its_last_seconds(self) -> None:
        self.assertEqual(get(1), 1)
        self.fake.advance(55)
        self.assertEqual(get(2), 1)
        self.fake.advance(0.001)
        self.assertEqual(get(3), 3)
        self.assertEqual((cache.get("k"), cache.ttl("k")), (3, 60))

    def test_a_failure_to_compute_is_raised_and_the_next_call_computes(self) -> None:
        for error in (Conflict("no"), ValueError("no"), KeyboardInterrupt()):

            def raises(error: BaseException = error) -> Any:
                raise error

            with self.assertRaises(type(error)):
                cache.get_or_set("k", raises, 60)
            self.released()
        self.assertEqual(cache.get_or_set("k", returns(1), 60), 1)
        self.assertEqual(self.fake.logs, [])

    def test_an_old_value_is_returned_if_a_refresh_fails(self) -> None:
        get(1.5)
        self.fake.advance(58)
        self.assertEqual(cache.get_or_set("k", fails, 60, 5), 1.5)
        warning = "warn: the value under 'k' could not be refreshed: "
        self.assertEqual(self.fake.logs, [warning + "no rates"])
        self.released()
        self.assertEqual(get(math.nan), 1.5)
        self.assertEqual(cache.get_or_set("k", gone, 60, 5), 1.5)
        self.assertEqual(self.fake.logs[2], warning + "KeyError: 'gone'")
        self.fake.advance(2)
        with self.assertRaises(Conflict):
            cache.get_or_set("k", fails, 60, 5)

    def test_an_exception_that_ends_the_process_is_raised_during_a_refresh_too(self) -> None:
        def interrupted() -> Any:
            raise KeyboardInterrupt

        get(1)
        self.fake.advance(58)
        with self.assertRaises(KeyboardInterrupt):
            cache.get_or_set("k", interrupted, 60, 5)
        self.released()

    def test_a_value_that_another_call_computes_is_computed_and_not_stored(self) -> None:
        self.fake.hold("k")
        self.assertEqual(cache.get_or_set("k", returns(1), 60), 1)
        self.assertTrue(math.isnan(get(math.nan)), "it need not be stored")
        with self.assertRaises(Conflict):
            cache.get_or_set("k", fails, 60)
        self.assertFalse(cache.exists("k"))
        self.fake.let_go("k")
        self.assertEqual(cache.get_or_set("k", returns(3), 60), 3)
        self.assertEqual(cache.get("k"), 3)

    def test_a_failure_does_not_release_the_lease_of_another_call(self) -> None:
        def held() -> Any:
            self.fake.hold("k")
            raise Conflict("no")

        with self.assertRaises(Conflict):
            cache.get_or_set("k", held, 60)
        self.assertEqual(cache.get_or_set("k", returns(1), 60), 1)
        self.assertFalse(cache.exists("k"))

    def test_an_old_value_is_returned_while_another_call_computes_the_next(self) -> None:
        cache.set("k", 1, expiry=60)
        self.fake.advance(58)
        self.fake.hold("k")
        self.assertEqual(get(2), 1)
        self.fake.let_go("k")
        self.assertEqual(get(2), 2)

    def test_a_value_that_was_set_meanwhile_is_not_replaced(self) -> None:
        changes: list[tuple[Any, str | None]] = [
            (lambda: cache.set("k", 7), "7"),
            (lambda: cache.set_many({"k": 7}), "7"),
            (lambda: cache.set_if_absent("k", 7), "7"),
            (lambda: cache.increment("k", 7), "7"),
            (lambda: cache.update("k", lambda _: 7), "7"),
            (lambda: cache.get_or_set("k", returns(7)), "7"),
            (lambda: cache.delete("k"), None),
            (lambda: cache.delete_prefix("k"), None),
            (lambda: self.fake.hold("k"), None),
            (lambda: cache.set("other", 7), "1"),
            (lambda: cache.delete_prefix("other"), "1"),
        ]
        for change, stored in changes:
            cache.delete_prefix("")
            self.assertEqual(cache.get_or_set("k", lambda: (change(), 1)[1], 60), 1)
            self.assertEqual(cache.get_raw("k"), stored)

    def test_a_value_that_was_changed_meanwhile_is_not_replaced_by_a_refresh(self) -> None:
        changes: list[tuple[Any, str | None]] = [
            (lambda: cache.expire("k", 60), '"old"'),
            (lambda: cache.take_raw("k"), None),
            (lambda: cache.delete_many(["k"]), None),
            (lambda: cache.delete_prefix(""), None),
            (lambda: cache.delete_prefix("other"), "1"),
            (lambda: cache.set_if_absent("k", 7), "1"),
            (lambda: cache.compare_and_swap_raw("k", None, "7"), '"old"'),
            (lambda: self.assertRaises(CacheError, cache.increment, "k"), '"old"'),
        ]
        for change, stored in changes:
            cache.set("k", "old", expiry=60)
            self.fake.advance(58)
            self.assertEqual(cache.get_or_set("k", lambda: (change(), 1)[1], 60, 5), 1)
            self.assertEqual(cache.get_raw("k"), stored)

    def test_a_refreshed_value_is_stored_if_the_old_value_expired_meanwhile(self) -> None:
        cache.set("k", 0, expiry=60)
        self.fake.advance(58)

        def compute() -> int:
            self.fake.advance(5)
            return 1

        self.assertEqual(cache.get_or_set("k", compute, 60, 5), 1)
        self.assertEqual(cache.get("k"), 1)

    def test_a_value_that_may_not_have_been_stored_is_returned_with_a_warning(self) -> None:
        def unavailable(*_: Any) -> Any:
            raise CacheError("unavailable", "no response")

        released: list[str] = []
        host.connect({**host_calls(), "fill": unavailable, "release": released.append})
        self.assertEqual(cache.get_or_set("k", returns(1), 60), 1)
        self.assertEqual(
            self.fake.logs, ["warn: the value under 'k' may not have been stored: no response"]
        )
        self.assertEqual(released, [])

    def test_an_unavailable_cache_inside_the_function_is_the_error_of_the_function(self) -> None:
        def unavailable(*_: Any) -> Any:
            raise CacheError("unavailable", "no response")

        self.refused("unavailable", CacheError, cache.get_or_set, "k", unavailable, 60)
        self.released()
        # A failure to release the lease does not hide the error of the function.
        host.connect({**host_calls(), "release": unavailable})
        with self.assertRaises(Conflict):
            cache.get_or_set("k", fails, 60)

    def test_a_value_that_cannot_be_stored_is_an_error_and_the_next_call_computes(self) -> None:
        large = returns("v" * (1 << 20))
        self.refused("too-large", CacheError, cache.get_or_set, "k", large, 60)
        self.released()
        why = self.refused("invalid-value", ValueError, cache.get_or_set, "k", returns(math.nan))
        self.assertIn("the value for 'k' has no JSON form", why)
        self.released()

        async def later() -> int:
            return 1

        coroutine = later()
        self.addCleanup(coroutine.close)
        why = self.refused(
            "invalid-value", TypeError, cache.get_or_set, "k", returns(coroutine)
        )
        self.assertIn("is a coroutine: await it", why)

    def test_early_is_less_than_the_expiry(self) -> None:
        for more, expected in (
            ({"expiry": 60}, "early is 60 s: it must be less than the expiry, 60 s"),
            ({}, "early is 60 s, but there is no expiry: set a longer expiry"),
        ):
            calls: list[int] = []
            compute = functools.partial(calls.append, 1)
            message = self.refused(
                "invalid-expiry", ValueError, cache.get_or_set, "k", compute, early=60, **more
            )
            self.assertIn(expected, message)
            self.assertEqual(calls, [])

    def test_arguments_are_checked_before_anything_is_computed(self) -> None:
        calls: list[int] = []
        wrong: list[tuple[str, type, Any, dict[str, Any]]] = [
            ("invalid-expiry", ValueError, "k", {"expiry": 1.5}),
            ("invalid-expiry", ValueError, "k", {"expiry": 0}),
            ("invalid-expiry", ValueError, "k", {"expiry": 60, "early": 0}),
            ("invalid-expiry", TypeError, "k", {"expiry": 60, "early": "5"}),
            ("invalid-expiry", ValueError, "k", {"wait": -1}),
            ("invalid-expiry", ValueError, "k", {"wait": math.nan}),
            ("invalid-expiry", TypeError, "k", {"wait": None}),
            ("invalid-expiry", TypeError, "k", {"wait": True}),
            ("invalid-key", TypeError, 1, {}),
            ("invalid-key", CacheError, "", {}),
        ]
        for kind, also, key, more in wrong:
            compute = functools.partial(calls.append, 1)
            self.refused(kind, also, cache.get_or_set, key, compute, **more)
        with self.assertRaisesRegex(TypeError, "kind"):
            cache.get_or_set("k", returns(1), kind=len)  # type: ignore[call-overload]
        self.assertEqual((calls, self.fake.stats.misses), ([], 0))

    def test_a_call_waits_for_five_seconds_by_default(self) -> None:
        waits: list[int] = []

        def asked(key: str, early: int | None, wait: int) -> Any:
            waits.append(wait)
            return "busy", None

        host.connect({**host_calls(), "get_or_lease": asked})
        cache.get_or_set("k", returns(1))
        for wait in (0, 1.5, timedelta(seconds=2), math.inf, 10**10):
            cache.get_or_set("k", returns(1), wait=wait)
        self.assertEqual(waits, [5_000, 0, 1_500, 2_000, 2**32 - 1, 2**32 - 1])

    def test_a_service_fails_with_the_exception_of_its_function(self) -> None:
        @service
        def rates() -> Any:
            return cache.get_or_set("k", fails, expiry=60)

        @service
        def faulty() -> Any:
            return cache.get_or_set("k", gone, expiry=60)

        with self.assertRaises(Failure) as raised:
            self.fake.call(rates)
        self.assertEqual(raised.exception.kind, "conflict")
        with self.assertRaises(Failure) as raised:
            self.fake.call(faulty)
        self.assertEqual(raised.exception.kind, Internal.kind)

    def test_an_argument_that_is_not_a_function_is_named(self) -> None:
        wrong: Any = 60
        with self.assertRaisesRegex(TypeError, "^compute is 60: it must be a function"):
            cache.get_or_set("k", wrong, returns(1))  # type: ignore[arg-type]
        with self.assertRaisesRegex(TypeError, "^change is 60: it must be a function"):
            cache.update("k", wrong)
