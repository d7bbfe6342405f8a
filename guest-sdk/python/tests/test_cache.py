"""Tests of the cache on the fake."""

import math
import re
import unittest
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar

from hostel_sdk import CacheError, cache
from hostel_sdk.fake import Fake


class Level(Enum):
    LOW = 1


@dataclass
class User:
    name: str
    roles: list[str]
    age: int | None = None


@dataclass
class Doubled:
    """A dataclass with members that are not stored, because they are not fields."""

    once: InitVar[int]
    factor: ClassVar[int] = 2
    double: int = field(init=False)

    def __post_init__(self, once: int) -> None:
        self.double = once * self.factor


def _unset() -> Doubled:
    """Returns a dataclass instance with an unset field."""
    doubled = Doubled(1)
    del doubled.double
    return doubled


def _cycle() -> list[Any]:
    items: list[Any] = []
    items.append({"again": items})
    return items


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


class CacheTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def refused(self, kind: str, also: type, call: Any, *args: Any, **more: Any) -> None:
        with self.assertRaises(CacheError) as raised:
            call(*args, **more)
        self.assertEqual(raised.exception.kind, kind)
        self.assertIsInstance(raised.exception, also)

    def test_a_value_comes_back_equal_and_with_its_type(self) -> None:
        values = ["", "é😀\0\u2028", 0, -1, 2**70, 1.0, -0.0, 5e-324, 1e308, 0.1 + 0.2, True, None]
        for value in [*values, [], {}, [1, [2]], {"a": {"b": None}}, "x" * 1_000_000, _nested(100)]:
            cache.set("k", value)
            self.assertEqual(repr(cache.get("k")), repr(value))

    def test_values_without_a_direct_json_form_are_converted(self) -> None:
        for value, text in [
            ((1, 2), "[1,2]"),
            ({1: "a", 2.5: "b"}, '{"1":"a","2.5":"b"}'),
            (User("Ada", ["admin"]), '{"name":"Ada","roles":["admin"],"age":null}'),
            (Doubled(2), '{"double":4}'),
            (1.0, "1.0"),
            (1, "1"),
        ]:
            cache.set("k", value)
            self.assertEqual(cache.get_raw("k"), text)

    def test_a_value_without_a_json_form_is_refused_and_the_old_value_stays(self) -> None:
        cache.set("k", "old", expiry=60)
        for value in [{1}, b"x", date(2030, 1, 1), object(), User, print, 1j]:
            self.refused("invalid-value", TypeError, cache.set, "k", value)
        for value in [math.nan, math.inf, [-math.inf], _cycle(), "\ud800", {"\udfff": 1}]:
            self.refused("invalid-value", ValueError, cache.set, "k", value)
        for value in [_nested(101), 10**400]:
            self.refused("invalid-value", CacheError, cache.set, "k", value)
        self.refused("too-large", CacheError, cache.set, "k", "x" * 1_048_575)
        self.fake.advance(59)
        self.assertEqual(cache.get("k"), "old")
        self.fake.advance(1)
        self.assertIsNone(cache.get("k"))

    def test_an_error_about_a_json_form_has_the_place_and_the_fix(self) -> None:
        for value, message in [
            ({"t": [datetime(2030, 1, 1)]}, "value['t'][0] is a datetime: store its isoformat()"),
            ([0, {1}], "value[1] is a set: store list(..) of it"),
            ((Decimal(1),), "value[0] is a Decimal: store str(..) of it"),
            ({"a": b"x"}, "value['a'] is a bytes: store its decode()"),
            (User("Ada", [math.nan]), "value.roles[0] is nan, which is not a JSON number"),
            (Level.LOW, "value is a Level: store its value"),
            ({"a": {(1, 2): 3}}, "value['a'] has the key (1, 2), a tuple: make it a str"),
            (["\ud800"], "value[0] contains a lone surrogate"),
            (_cycle(), "contains itself"),
            ([_unset()], "value[0] has no double, a field of its class: set it"),
            (object(), "value is an object: make it a dict, a list or a dataclass"),
        ]:
            with self.assertRaises(CacheError) as raised:
                cache.set("k", value)
            self.assertIn("the value for 'k' has no JSON form: ", str(raised.exception))
            self.assertIn(message, str(raised.exception))

    def test_an_error_about_an_argument_has_the_name_that_the_author_wrote(self) -> None:
        with self.assertRaisesRegex(TypeError, r"^cache\.set\(\) got an unexpected keyword"):
            cache.set("k", 1, expire=60)  # type: ignore[call-arg]

    def test_an_integer_that_a_float_would_round_is_an_error_with_the_fix(self) -> None:
        cache.set("k", 2**60 + 1)
        with self.assertRaisesRegex(CacheError, "read it as an int, or the JSON text with get_raw"):
            cache.get("k", float)

    def test_after_a_refused_value_the_next_one_is_accepted(self) -> None:
        shared = [1]
        self.refused("invalid-value", TypeError, cache.set, "k", [shared, {1}])
        cache.set("k", [shared, shared])
        self.assertEqual(cache.get("k"), [[1], [1]])

    def test_an_expiry_is_whole_seconds_in_range(self) -> None:
        for expiry in (1, 315_360_000, timedelta(minutes=1), timedelta(days=3650)):
            cache.set("k", 1, expiry)
        for expiry in (0, -1, 315_360_001, 2**32 + 60, timedelta(0), timedelta(days=-1)):
            self.refused("invalid-expiry", ValueError, cache.set, "k", 1, expiry=expiry)
        for expiry in (1.5, math.nan, math.inf, 1e300, timedelta(seconds=1.5)):
            self.refused("invalid-expiry", ValueError, cache.set, "k", 1, expiry=expiry)
        for expiry in (True, "60", b"60"):
            self.refused("invalid-expiry", TypeError, cache.set, "k", 1, expiry=expiry)
        cache.set("k", 1, expiry=60.0)
        self.fake.advance(60)
        self.assertFalse(cache.exists("k"))

    def test_an_expiry_that_could_be_rounded_names_the_call(self) -> None:
        for expiry, message in [
            (
                1.5,
                "an expiry of 1.5: it must be whole seconds, 1 to 315,360,000 (ten years); "
                "write int(1.5)",
            ),
            ("60", "; write int('60')"),
            (
                timedelta(seconds=90.5),
                "an expiry of 0:01:30.500000: .* write int\\(expiry.total_seconds\\(\\)\\)$",
            ),
        ]:
            pattern = message if ".*" in message else re.escape(message)
            with self.assertRaisesRegex(CacheError, pattern):
                cache.set("k", 1, expiry=expiry)  # type: ignore[arg-type]

    def test_every_operation_treats_an_entry_as_expired_at_its_deadline(self) -> None:
        for gone in (cache.get, cache.get_raw, cache.exists, cache.delete):
            cache.set("k", 1, expiry=1)
            self.fake.advance(0.999)
            self.assertTrue(cache.exists("k"))
            self.fake.advance(0.001)
            self.assertFalse(gone("k"))

    def test_only_the_new_expiry_applies(self) -> None:
        for old, new, lives in [(10, 20, 20), (20, 10, 10), (10, None, None), (None, 10, 10)]:
            cache.set("k", 1, old)
            cache.set("k", 2, new)
            self.fake.advance((lives or 1_000) - 1)
            self.assertTrue(cache.exists("k"))
            self.fake.advance(1)
            self.assertEqual(cache.exists("k"), not lives)

    def test_a_stored_null_exists_and_reads_as_none(self) -> None:
        cache.set("k", None)
        self.assertEqual(
            (cache.get("k"), cache.get_raw("k"), cache.exists("k")), (None, "null", True)
        )
        self.assertEqual((cache.delete("k"), cache.delete("k")), (True, False))

    def test_a_key_is_1_to_1024_bytes_of_any_characters(self) -> None:
        keys = ["a", "\0", "\n", "{tag}", "*?[]", "\u00e9", "e\u0301", "é" * 512, "x" * 1_024]
        for key in keys:
            cache.set(key, key)
        self.assertEqual([cache.get(key) for key in keys], keys)
        for key in ("", "x" * 1_025, "é" * 513):
            self.refused("invalid-key", CacheError, cache.get, key)
        for call in (
            cache.get,
            cache.get_raw,
            cache.exists,
            cache.delete,
            lambda k: cache.set(k, 1),
        ):
            self.refused("invalid-key", TypeError, call, 123)
            self.refused("invalid-key", ValueError, call, "\ud800")

    def test_each_read_returns_a_new_object(self) -> None:
        cache.set("k", {"a": [1]})
        cache.get("k")["a"].append(2)
        self.assertEqual(cache.get("k"), {"a": [1]})

    def test_a_typed_get_guesses_nothing(self) -> None:
        for value, kind, expected in [
            (2**70, int, 2**70),
            (3, float, 3.0),
            (2**53, float, 2.0**53),
            ([1, "a"], list[int | str], [1, "a"]),
            ([1, "a"], tuple[int, str], (1, "a")),
            ({"a": None}, dict[str, int | None], {"a": None}),
            ({"name": "Ada", "roles": [], "more": 1}, User, User("Ada", [])),
        ]:
            cache.set("k", value)
            self.assertEqual(cache.get("k", kind), expected)  # type: ignore[arg-type]
        for value, kind in [
            (1.0, int),
            (True, int),
            (1, bool),
            ("1", int),
            (2**53 + 1, float),
            ([1, "a"], list[int]),
            ([1], tuple[int, str]),
            ({"name": "Ada"}, User),
            ({"name": 1, "roles": []}, User),
        ]:
            cache.set("k", value)
            self.refused("invalid-value", ValueError, cache.get, "k", kind)

    def test_the_statistics_count_only_accepted_operations(self) -> None:
        cache.set("k", 1)
        for call in (cache.get, cache.exists, cache.delete, cache.delete, cache.get):
            call("k")
        self.refused("invalid-key", CacheError, cache.get, "")
        stats = self.fake.stats
        self.assertEqual((stats.sets, stats.hits, stats.misses), (1, 1, 1))
        self.assertEqual((stats.exists, stats.deletes), (1, 1))
