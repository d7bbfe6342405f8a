"""Tests of operations on several entries, on the fake."""

import unittest
from collections import OrderedDict
from typing import Any

from hostel_sdk import CacheError, cache
from hostel_sdk.fake import Fake


class ManyTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def refused(self, kind: str, also: type, call: Any, *args: Any, **more: Any) -> str:
        with self.assertRaises(CacheError) as raised:
            call(*args, **more)
        self.assertEqual(raised.exception.kind, kind)
        self.assertIsInstance(raised.exception, also)
        return str(raised.exception)

    def test_values_are_returned_in_the_order_of_their_keys(self) -> None:
        cache.set_many([("a", 1), ("b", 2), ("c", None), ("a", 3)])
        self.assertEqual(cache.get_many(["b", "missing", "a", "c", "b"]), [2, None, 3, None, 2])
        self.assertTrue(cache.exists("c"))
        self.assertEqual((self.fake.stats.hits, self.fake.stats.misses), (4, 1))

    def test_keys_and_entries_come_from_any_collection(self) -> None:
        cache.set_many({"a": [1]})
        cache.set_many(OrderedDict(b=[2]))
        cache.set_many((key * 2, [3]) for key in "cd")
        self.assertEqual(cache.get_many(key for key in ("a", "b", "cc")), [[1], [2], [3]])
        self.assertEqual(cache.get_many({"a": 0}.keys(), list[int]), [[1]])
        cache.set_many({})
        self.assertEqual((cache.get_many([]), cache.delete_many(())), ([], 0))
        self.assertEqual(cache.delete_many({"a", "dd"}), 2)

    def test_all_entries_get_the_same_expiry(self) -> None:
        cache.set_many({"a": 1, "b": 2}, expiry=60)
        self.fake.advance(59.999)
        self.assertEqual(cache.get_many(["a", "b"]), [1, 2])
        self.fake.advance(0.001)
        self.assertEqual(cache.get_many(["a", "b"]), [None, None])

    def test_delete_many_counts_live_entries(self) -> None:
        cache.set_many({"a": 1, "b": 2, "c": 3})
        self.assertEqual(cache.delete_many(["a", "missing", "b", "a"]), 2)
        self.assertEqual(cache.get_many(["a", "b", "c"]), [None, None, 3])

    def test_one_invalid_argument_leaves_all_entries_unchanged(self) -> None:
        self.refused("invalid-key", CacheError, cache.set_many, [("a", 1), ("", 2)])
        self.refused("invalid-key", TypeError, cache.set_many, [("a", 1), (2, 2)])
        message = self.refused("invalid-value", TypeError, cache.set_many, {"a": 1, "b": {2}})
        self.assertIn("the value for 'b' has no JSON form", message)
        self.refused("too-large", CacheError, cache.set_many, {"a": 1, "b": "x" * (1 << 20)})
        self.refused("invalid-expiry", ValueError, cache.set_many, {"a": 1}, expiry=1.5)
        self.assertFalse(cache.exists("a"))
        cache.set("a", 1)
        self.refused("invalid-key", CacheError, cache.delete_many, ["a", ""])
        self.refused("invalid-key", ValueError, cache.delete_many, ["a", "\ud800"])
        self.refused("invalid-key", CacheError, cache.get_many, ["a", ""])
        self.assertEqual((cache.get("a"), self.fake.stats.hits), (1, 1))

    def test_a_single_key_instead_of_a_list_is_refused(self) -> None:
        for call in (cache.get_many, cache.delete_many):
            message = self.refused("invalid-key", TypeError, call, "abc")
            self.assertEqual(message, "keys of 'abc': they must be a list of str")

    def test_a_value_of_another_kind_names_its_key(self) -> None:
        cache.set_many({"a": "1", "b": 2})
        message = self.refused("invalid-value", ValueError, cache.get_many, ["b", "a"], int)
        self.assertIn("the value under 'a' does not fit", message)
        with self.assertRaisesRegex(TypeError, "kind"):
            cache.get_many(["b"], 5)  # type: ignore[call-overload]

    def test_a_call_has_at_most_a_thousand_keys(self) -> None:
        keys = [str(number) for number in range(1_001)]
        cache.set_many(dict.fromkeys(keys[:1_000], 1))
        self.assertEqual(cache.get_many(keys[:1_000]), [1] * 1_000)
        # The host would refuse the empty key with another kind, so the kind shows that the host was
        # not called.
        for call in (cache.get_many, cache.delete_many):
            message = self.refused("too-large", ValueError, call, [*keys[:1_000], ""])
            why = "1001 keys in one call: the maximum is 1000; make several calls"
            self.assertEqual(message, why)
        self.refused("too-large", ValueError, cache.set_many, dict.fromkeys(keys, 1))
        self.assertEqual(cache.delete_many(keys[:1_000]), 1_000)
