"""Tests of atomic operations on one entry, on the fake."""

import dataclasses
import math
import unittest
from datetime import timedelta
from typing import Any

from hostel_sdk import CacheError, Conflict, Failure, Swap, cache, host, service
from hostel_sdk.fake import Fake

MOST = 2**53 - 1


class AtomicsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def refused(self, kind: str, also: type, call: Any, *args: Any, **more: Any) -> str:
        with self.assertRaises(CacheError) as raised:
            call(*args, **more)
        self.assertEqual(raised.exception.kind, kind)
        self.assertIsInstance(raised.exception, also)
        return str(raised.exception)

    def test_set_if_absent_stores_once_and_a_stored_null_counts(self) -> None:
        self.assertIs(cache.set_if_absent("k", "a"), True)
        self.assertIs(cache.set_if_absent("k", "b"), False)
        self.assertEqual(cache.get("k"), "a")
        cache.set("k", None)
        self.assertIs(cache.set_if_absent("k", "b"), False)
        self.assertEqual(cache.get_raw("k"), "null")
        self.assertEqual(self.fake.stats.sets, 2)

    def test_set_if_absent_sets_the_expiry_only_of_a_new_entry(self) -> None:
        self.assertTrue(cache.set_if_absent("k", "a", expiry=60))
        self.fake.advance(30)
        self.assertFalse(cache.set_if_absent("k", "b", timedelta(seconds=60)))
        self.assertFalse(cache.set_if_absent("k", "b"))
        self.fake.advance(30)
        self.assertTrue(cache.set_if_absent("k", "b"))
        self.assertEqual(cache.ttl("k"), math.inf)

    def test_set_if_absent_refuses_the_same_arguments_as_set(self) -> None:
        self.refused("invalid-value", TypeError, cache.set_if_absent, "k", {1})
        self.refused("too-large", CacheError, cache.set_if_absent, "k", "x" * 1_048_575)
        self.refused("invalid-expiry", ValueError, cache.set_if_absent, "", 1, expiry=1.5)
        self.refused("invalid-key", CacheError, cache.set_if_absent, "", 1)
        self.refused("invalid-key", TypeError, cache.set_if_absent, 1, 1)
        self.assertFalse(cache.exists("k"))

    def test_increment_counts_from_zero_and_keeps_the_expiry_of_the_first(self) -> None:
        self.assertEqual(cache.increment("k", 5, expiry=60), 5)
        self.fake.advance(30)
        self.assertEqual(cache.increment("k", -7, expiry=60), -2)
        self.assertEqual(cache.increment("k"), -1)
        self.assertEqual((cache.get("k", int), cache.ttl("k")), (-1, 30))
        self.fake.advance(30)
        self.assertEqual((cache.increment("k"), cache.ttl("k")), (1, math.inf))
        self.assertEqual(self.fake.stats.increments, 4)

    def test_increment_is_exact_up_to_the_largest_integer_and_refuses_other_values(self) -> None:
        self.assertEqual(cache.increment("k", MOST), MOST)
        message = self.refused("invalid-value", CacheError, cache.increment, "k")
        self.assertEqual(message, f"the sum of {MOST} and 1 is not from -(2^53 - 1) to 2^53 - 1")
        self.assertEqual((cache.increment("k", -MOST), cache.increment("k", -MOST)), (0, -MOST))
        for text in ("1.0", " 1", "-0", "1e2", '"1"', "null", "9007199254740992", "9" * 300):
            cache.set_raw("k", text)
            message = self.refused("invalid-value", CacheError, cache.increment, "k", 0)
            self.assertIn("is not an integer from -(2^53 - 1) to 2^53 - 1", message)
            self.assertEqual(cache.get_raw("k"), text)

    def test_a_delta_that_is_not_an_integer_in_range_is_refused_without_a_call(self) -> None:
        # The host would refuse the empty key with `invalid-key`, so `invalid-value` shows that the
        # host was not called.
        for delta in (MOST + 1, -MOST - 1, 10**400, 1.5, math.nan, math.inf, 1e300):
            message = self.refused("invalid-value", ValueError, cache.increment, "", delta)
            self.assertIn("it must be an integer from -(2^53 - 1) to 2^53 - 1", message)
        others: list[Any] = [True, "1", None]
        for delta in others:
            self.refused("invalid-value", TypeError, cache.increment, "", delta)
        self.refused("invalid-expiry", ValueError, cache.increment, "", expiry=0)
        self.assertEqual(cache.increment("k", 2.0), 2)  # type: ignore[arg-type]

    def test_a_swap_compares_byte_for_byte_and_returns_the_current_text(self) -> None:
        swap = cache.compare_and_swap_raw
        self.assertEqual(swap("k", "1", "2"), Swap(False, None))
        self.assertEqual(swap("k", None, "1.0"), Swap(True))
        self.assertEqual(swap("k", None, "2"), Swap(False, "1.0"))
        self.assertEqual(swap("k", "1", "2"), Swap(False, "1.0"))
        self.assertEqual(swap("k", "1.0", " 2 "), Swap(True))
        self.assertEqual(cache.get_raw("k"), " 2 ")
        self.assertEqual(swap("k", " 2 ", None), Swap(True))
        self.assertFalse(cache.exists("k"))
        self.assertEqual(self.fake.stats.swaps, 3)

    def test_a_swap_is_true_on_success_and_is_immutable(self) -> None:
        swap = cache.compare_and_swap_raw("k", None, "1")
        self.assertTrue(swap)
        self.assertFalse(cache.compare_and_swap_raw("k", None, "1"))
        with self.assertRaises(dataclasses.FrozenInstanceError):
            swap.swapped = False  # type: ignore[misc]

    def test_a_swap_keeps_removes_or_replaces_the_expiry(self) -> None:
        def left(*expiry: Any) -> Any:
            assert cache.compare_and_swap_raw("k", cache.get_raw("k"), "1", *expiry)
            return cache.ttl("k")

        self.assertEqual([left(), left(60), left("keep")], [math.inf, 60, 60])
        self.assertEqual([left(None), left(timedelta(minutes=2))], [math.inf, 120])

    def test_a_swap_is_refused_before_the_host_is_called_and_changes_nothing(self) -> None:
        swap = cache.compare_and_swap_raw
        for expected, wanted in [(1, "2"), ("1", 2), ("1", b"2")]:
            self.refused("invalid-value", TypeError, swap, "", expected, wanted)
        for expected, wanted in [("\ud800", "2"), ("1", "\ud800")]:
            self.refused("invalid-value", ValueError, swap, "", expected, wanted)
        for expiry in (0, 1.5):
            self.refused("invalid-expiry", ValueError, swap, "", None, "1", expiry)
        message = self.refused("invalid-expiry", TypeError, swap, "", None, "1", "unlimited")
        self.assertNotIn("; write", message)
        self.refused("invalid-value", CacheError, swap, "k", None, "nope")
        self.refused("invalid-value", CacheError, swap, "k", "nope", None)
        self.assertFalse(cache.exists("k"))

    def test_the_expiry_is_ignored_when_a_swap_removes_the_entry(self) -> None:
        cache.set("k", 1)
        self.assertTrue(cache.compare_and_swap_raw("k", "1", None, 0))

    def test_an_update_gets_the_current_value_and_keeps_the_expiry(self) -> None:
        self.assertEqual(cache.update("k", lambda old: (old or 0) + 2), 2)
        self.assertEqual(cache.ttl("k"), math.inf)
        cache.expire("k", 60)
        self.assertEqual(cache.update("k", lambda old: (old or 0) + 3, int), 5)
        self.assertEqual((cache.get("k"), cache.ttl("k")), (5, 60))

    def test_an_update_replaces_a_stored_null_which_reads_as_none(self) -> None:
        cache.set("k", None)
        self.assertEqual(cache.update("k", lambda old: [repr(old)], list[str]), ["None"])
        self.assertEqual(cache.get("k"), ["None"])

    def test_an_update_loses_no_concurrent_change(self) -> None:
        cache.set("k", 1)
        between: list[Any] = [lambda: cache.set("k", 10), lambda: cache.delete("k"), lambda: None]
        seen: list[int | None] = []

        def change(old: int | None) -> int:
            seen.append(old)
            between[len(seen) - 1]()
            return (old or 100) + 1

        self.assertEqual((cache.update("k", change), seen), (101, [1, 10, None]))
        self.assertEqual(cache.get("k"), 101)

    def test_an_update_of_a_key_that_always_changes_fails_with_the_key(self) -> None:
        calls = 0

        def change(old: int | None) -> int:
            nonlocal calls
            calls += 1
            cache.set("busy-key", calls)
            return (old or 0) + 1

        message = self.refused("unavailable", CacheError, cache.update, "busy-key", change)
        expected = "the value under 'busy-key' is not updated: other callers changed it 100 times"
        self.assertEqual((message, calls, cache.get("busy-key")), (expected, 100, 100))

        @service
        def busy() -> None:
            cache.update("busy-key", change)

        with self.assertRaises(Failure) as raised:
            self.fake.call(busy)
        self.assertEqual(raised.exception.kind, "unavailable")

    def test_a_failed_update_leaves_the_entry_unchanged(self) -> None:
        def fails(_: Any) -> Any:
            raise Conflict("no")

        cache.set("k", 1)
        with self.assertRaises(Conflict):
            cache.update("k", fails)
        message = self.refused("invalid-value", ValueError, cache.update, "k", lambda _: math.nan)
        self.assertIn("the value for 'k' has no JSON form", message)
        message = self.refused("invalid-value", ValueError, cache.update, "k", lambda old: old, str)
        self.assertIn("the value under 'k' does not fit", message)
        with self.assertRaisesRegex(TypeError, "kind"):
            cache.update("k", lambda old: old, 5)  # type: ignore[call-overload]
        self.assertEqual(cache.get("k"), 1)

    def test_a_write_with_an_unknown_result_is_not_repeated(self) -> None:
        calls: list[Any] = []

        def unavailable(*given: Any) -> Any:
            calls.append(given)
            raise CacheError("unavailable", "no response")

        host.connect({**dict.fromkeys(host.CALLS, unavailable), "get": lambda key: "1"})
        writes: list[Any] = [
            lambda: cache.set_if_absent("k", 1),
            lambda: cache.increment("k"),
            lambda: cache.compare_and_swap_raw("k", None, "1"),
            lambda: cache.update("k", lambda old: old),
            lambda: cache.take("k"),
            lambda: cache.set_many({"k": 1}),
            lambda: cache.delete_many(["k"]),
            lambda: cache.expire("k", 1),
            lambda: cache.delete_prefix("k"),
        ]
        for write in writes:
            calls.clear()
            self.refused("unavailable", CacheError, write)
            self.assertEqual(len(calls), 1)

    def test_take_returns_a_value_once(self) -> None:
        cache.set("k", {"a": 1})
        self.assertEqual((cache.take("k"), cache.take("k")), ({"a": 1}, None))
        cache.set_raw("k", " null")
        self.assertEqual((cache.take_raw("k"), cache.take_raw("k")), (" null", None))
        self.assertEqual(self.fake.stats.takes, 2)

    def test_take_returns_its_default_when_get_does(self) -> None:
        self.assertEqual(cache.take("k", default=7), 7)
        cache.set("k", None)
        self.assertEqual((cache.take("k", int, default=7), cache.exists("k")), (7, False))
        with self.assertRaisesRegex(TypeError, "pass a default by name"):
            cache.take("k", 7)  # type: ignore[call-overload]

    def test_take_of_another_type_is_an_error_and_removes_the_value(self) -> None:
        cache.set("k", "v")
        message = self.refused("invalid-value", ValueError, cache.take, "k", int)
        self.assertIn("the value under 'k' does not fit", message)
        self.assertFalse(cache.exists("k"))
