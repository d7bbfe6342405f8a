"""Tests of expiry and of prefix operations, on the fake."""

import math
import unittest
from datetime import timedelta
from typing import Any

from hostel_sdk import CacheError, cache
from hostel_sdk.fake import Fake

MANY = 2_500
"""A number of keys that do not fit into one page."""


def fill() -> None:
    for number in range(MANY):
        cache.set(f"user:{number}", number)
        cache.set(f"order:{number}", number)


class EntriesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def refused(self, kind: str, also: type, call: Any, *args: Any) -> str:
        with self.assertRaises(CacheError) as raised:
            call(*args)
        self.assertEqual(raised.exception.kind, kind)
        self.assertIsInstance(raised.exception, also)
        return str(raised.exception)

    def test_time_left_is_whole_seconds_rounded_up_until_the_entry_is_gone(self) -> None:
        self.assertIsNone(cache.ttl("k"))
        cache.set("k", 1)
        self.assertEqual(cache.ttl("k"), math.inf)
        cache.set("k", 1, expiry=60)
        self.assertEqual(cache.ttl("k"), 60)
        self.assertIs(type(cache.ttl("k")), int)
        self.fake.advance(0.5)
        self.assertEqual(cache.ttl("k"), 60)
        self.fake.advance(59.499)
        self.assertEqual(cache.ttl("k"), 1)
        self.fake.advance(0.001)
        self.assertIsNone(cache.ttl("k"))

    def test_an_expiry_counts_from_now_and_none_removes_it(self) -> None:
        self.assertIs(cache.expire("k", 60), False)
        cache.set("k", 1, expiry=60)
        self.fake.advance(30)
        self.assertIs(cache.expire("k", timedelta(minutes=1)), True)
        self.fake.advance(30)
        self.assertEqual(cache.ttl("k"), 30)
        self.assertTrue(cache.expire("k", None))
        self.assertEqual(cache.ttl("k"), math.inf)
        self.assertEqual(self.fake.stats.expires, 2)

    def test_arguments_are_checked_before_the_host_is_called(self) -> None:
        for expiry in (0, 1.5, -1):
            self.refused("invalid-expiry", ValueError, cache.expire, "", expiry)
        self.refused("invalid-expiry", TypeError, cache.expire, "", "60")
        of_a_key: list[Any] = [cache.ttl, lambda key: cache.expire(key, None)]
        for call in of_a_key:
            self.refused("invalid-key", CacheError, call, "")
            self.refused("invalid-key", TypeError, call, 1)
        of_a_prefix: list[Any] = [cache.keys, cache.delete_prefix]
        for call in of_a_prefix:
            message = self.refused("invalid-key", TypeError, call, None)
            self.assertEqual(message, "a prefix of None: it must be a str")
            message = self.refused("invalid-key", ValueError, call, "\ud800")
            self.assertIn("the prefix '\\ud800' contains a lone surrogate", message)
        with self.assertRaises(TypeError):
            cache.keys()  # type: ignore[call-arg]

    def test_keys_with_a_prefix_are_returned_from_every_page(self) -> None:
        fill()
        self.assertEqual(set(cache.keys("user:")), {f"user:{number}" for number in range(MANY)})
        self.assertEqual(len(set(cache.keys(""))), 2 * MANY)
        self.assertEqual(list(cache.keys("use*")), [])

    def test_entries_may_be_removed_during_an_iteration(self) -> None:
        fill()
        self.assertEqual(sum(cache.delete(key) for key in cache.keys("user:")), MANY)
        self.assertEqual(list(cache.keys("user:")), [])
        self.assertTrue(cache.exists("order:1"))

    def test_the_key_of_an_expired_entry_is_not_returned(self) -> None:
        cache.set("a", 1, expiry=1)
        self.fake.advance(1)
        self.assertEqual((list(cache.keys("")), cache.delete_prefix("")), ([], 0))

    def test_delete_prefix_removes_every_page_and_no_other_key(self) -> None:
        fill()
        self.assertEqual((cache.delete_prefix("user:"), cache.delete_prefix("user:")), (MANY, 0))
        self.assertEqual(len(list(cache.keys(""))), MANY)
        self.assertEqual(cache.delete_prefix(""), MANY)
        self.assertEqual(self.fake.stats.deletes, 2 * MANY)
