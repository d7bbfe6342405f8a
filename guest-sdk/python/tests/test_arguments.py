"""Tests that arguments are checked before the cache is called, with the fix in the message."""

import unittest
from typing import Any

from hostel_sdk import CacheError, Internal, Response, cache
from hostel_sdk.fake import Fake


class ArgumentsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def test_a_kind_is_validated_before_the_cache_is_called(self) -> None:
        for kind in (set, bytes, list[set[int]], dict[bytes, int], object(), len, "int"):
            for present in (False, True):
                if present:
                    cache.set("k", 1)
                else:
                    cache.delete("k")
                with self.assertRaisesRegex(TypeError, "kind"):
                    cache.get("k", kind)  # type: ignore[call-overload]
        self.assertEqual((self.fake.stats.hits, self.fake.stats.misses), (0, 0))

    def test_a_default_is_passed_by_name_and_differs_from_a_kind(self) -> None:
        for default in (0, "", [], False, {}, 1.5):
            for present in (False, True):
                if present:
                    cache.set("k", 5)
                else:
                    cache.delete("k")
                with self.assertRaises(TypeError) as raised:
                    cache.get("k", default)  # type: ignore[call-overload]
                self.assertIn(f"cache.get(key, default={default!r})", str(raised.exception))
                self.assertEqual(cache.get("k", default=default), 5 if present else default)
                self.assertEqual(cache.get("k", int, default=default), 5 if present else default)
        cache.set("k", None)
        self.assertEqual(cache.get("k", default=7), 7)

    def test_an_unknown_method_lists_the_methods_of_the_cache(self) -> None:
        has = "get, get_raw, set, set_raw, delete, exists, set_if_absent, increment, "
        has += "compare_and_swap_raw, update, take, take_raw, get_or_set, get_many, set_many, "
        has += "delete_many, ttl, expire, keys, delete_prefix"
        for name in ("incr", "items", "setdefault", "pop"):
            with self.assertRaises(AttributeError) as raised:
                getattr(cache, name)("k")
            shown = f"cache.{name} is not offered; cache has: {has}"
            self.assertEqual(str(raised.exception), shown)
        for name in has.split(", "):
            self.assertEqual(getattr(cache, name).__func__.__qualname__, f"cache.{name}")
        self.assertFalse(hasattr(cache, "incr"))

    def test_an_error_shows_the_name_of_the_class_that_is_caught(self) -> None:
        refusals: list[Any] = [
            lambda: cache.set("k", {1}),
            lambda: cache.set("k", float("nan")),
            lambda: cache.set("", 1),
            lambda: cache.set(1, 1),  # type: ignore[arg-type]
        ]
        for call in refusals:
            with self.assertRaises(CacheError) as raised:
                call()
            error = raised.exception
            self.assertEqual(type(error).__name__, "CacheError")
            self.assertEqual(type(error).__module__, "hostel_sdk")
            self.assertTrue(repr(error).startswith("CacheError("), repr(error))
        with self.assertRaises(Internal) as answered:
            Response.json({1})
        self.assertEqual(type(answered.exception).__name__, "Internal")

    def test_a_raw_text_is_stored_unchanged_or_refused(self) -> None:
        for text in ("-0", "18446744073709551617", ' { "a" : 1.0 , "a" : 2 } ', "null", '"\\ud83d\\ude00"'):
            cache.set_raw("k", text, expiry=60)
            self.assertEqual(cache.get_raw("k"), text)
        self.fake.advance(60)
        self.assertFalse(cache.exists("k"))
        cache.set("k", "old")
        for text in ("", "nope", "[1,]", "NaN", "1e400", '"\\ud800"', "{'a':1}", "1 2", "\ufeff1"):
            with self.assertRaises(CacheError) as raised:
                cache.set_raw("k", text)
            self.assertEqual(raised.exception.kind, "invalid-value")
        for wrong in ({"a": 1}, b"1", 1, None, "\ud800"):
            with self.assertRaises((TypeError, ValueError)):
                cache.set_raw("k", wrong)  # type: ignore[arg-type]
        self.assertEqual(cache.get("k"), "old")
