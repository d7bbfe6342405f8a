"""Tests that a typed ``get`` returns values of the type that ``set`` stored."""

import collections
import enum
import math
import unittest
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, Optional, TypedDict, TypeVar

from hostel_sdk import CacheError, Request, cache
from hostel_sdk.fake import Fake

T = TypeVar("T")
K = TypeVar("K")


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Colour(str, enum.Enum):
    RED = "red"


class Access(enum.IntFlag):
    READ = 1
    WRITE = 2


class Point(NamedTuple):
    x: float
    y: float = 0.0


class User(TypedDict):
    name: str
    level: Level


class Partial(TypedDict, total=False):
    at: Point


UserId = NewType("UserId", int)
Names = list[str]


@dataclass
class Page(Generic[T]):
    items: list[T]
    next: "Optional[Page[T]]" = None


@dataclass
class Keyed(Page[T], Generic[K, T]):
    keys: dict[K, T] = field(default_factory=dict)


@dataclass
class Numbers(Page[int]):
    total: int = 0


@dataclass
class Secret:
    name: str
    salt: InitVar[str]


class TypedTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def test_a_value_is_returned_with_the_type_that_it_was_stored_with(self) -> None:
        cases: list[tuple[Any, Any]] = [
            (Level.HIGH, Level),
            (Colour.RED, Colour),
            (Access.READ | Access.WRITE, Access),
            (Access(0), Access),
            ([Level.LOW], list[Level]),
            (Point(1.5, -0.0), Point),
            ([Point(1.0, 2.0)], list[Point]),
            ({"name": "Ada", "level": Level.LOW}, User),
            ({}, Partial),
            ({"at": Point(1.0)}, Partial),
            (UserId(7), UserId),
            (["a"], Names),
            (5, Annotated[int, "positive"]),
            ([1, 2], Sequence[int]),
            ({"a": [1]}, Mapping[str, Sequence[int]]),
            ({1: "a", -2: "b"}, dict[int, str]),
            ({1.5: 1, 1e20: 2}, dict[float, int]),
            ({True: 1, False: 2}, dict[bool, int]),
            ({None: 1}, dict[None, int]),
            ({Level.LOW: 1}, dict[Level, int]),
            ({Colour.RED: 1}, dict[Colour, int]),
            ({UserId(1): 2}, Mapping[UserId, int]),
            ({2: 1}, dict[Literal[1, 2], int]),
            (Page([1, 2]), Page[int]),
            (Page([Point(1.0)], Page([])), Page[Point]),
            (Keyed([1], None, {7: 1}), Keyed[int, int]),
            (Numbers([1], Page([2]), 3), Numbers),
            (collections.Counter("aab"), collections.Counter[str]),
            (collections.OrderedDict(a=1), collections.OrderedDict[str, int]),
            (collections.defaultdict(None, {1: [2]}), collections.defaultdict[int, list[int]]),
            ([1, 2.5], list[float | int]),
            ((), tuple[()]),
            (2.0**60, float),
            (-0.0, float),
        ]
        for value, kind in cases:
            with self.subTest(kind=kind, value=value):
                cache.set("k", value)
                read = cache.get("k", kind)
                self.assertEqual(repr(read), repr(value))
                self.assertIs(type(read), type(value))

    def test_an_error_about_a_value_that_does_not_fit_has_the_value_and_the_type(self) -> None:
        cases: list[tuple[Any, Any, str]] = [
            (3, Level, "3 is not of type Level, which has 1, 2"),
            (True, Level, "True is not of type Level"),
            ([1.0, 2.0, 3.0], Point, "not of type Point, an array of 2"),
            ({"name": "Ada"}, User, "User needs a member 'level'"),
            ({"name": "Ada", "level": 5}, User, "at 'level': 5 is not of type Level"),
            ({"a": 1}, dict[int, int], "at 'a': 'a' is not of type int"),
            ({"01": 1}, dict[int, int], "'01'"),
            ({"1": 1}, dict[None, int], "not of type NoneType"),
            ({"items": ["a"]}, Page[int], "at 'items': at 0: 'a' is not of type int"),
            ({"items": [], "next": {"items": [1.5]}}, Page[int], "1.5 is not of type int"),
        ]
        for value, kind, message in cases:
            cache.set("k", value)
            with self.assertRaises(CacheError) as raised:
                cache.get("k", kind)
            self.assertIn(message, str(raised.exception))

    def test_an_unsupported_kind_is_refused_even_if_the_key_is_missing(self) -> None:
        with self.assertRaisesRegex(TypeError, "Secret needs 'salt', an InitVar"):
            cache.get("none", Secret)

    def test_a_zero_keeps_its_sign_at_any_place(self) -> None:
        for text in ("-0", " -0 ", "[-0]", '{"a":[1,-0 ]}', '{"a":-0}'):
            cache.set_raw("k", text)
            value = cache.get("k")
            while isinstance(value, (list, dict)):
                value = value["a"] if isinstance(value, dict) else value[-1]
            self.assertEqual((type(value), math.copysign(1, value)), (float, -1.0), text)
        cache.set_raw("k", '["-0", "2024-01-05", 10, -0.5]')
        self.assertEqual(repr(cache.get("k")), "['-0', '2024-01-05', 10, -0.5]")
        self.assertEqual(repr(Request(body=b"-0").json()), "-0.0")

    def test_two_keys_with_the_same_name_in_json_are_refused_with_their_place(self) -> None:
        clashes: list[tuple[Any, str]] = [
            ({1: "a", "1": "b"}, "value has the keys 1 and '1', which have the same name in JSON"),
            ({None: 1, "null": 2}, "value has the keys None and 'null'"),
            ({True: 1, "true": 2}, "value has the keys True and 'true'"),
            ({1.5: 1, "1.5": 2}, "value has the keys 1.5 and '1.5'"),
            ([{"users": ({2: "x", "2": "y"},)}], "value[0]['users'][0] has the keys 2 and '2'"),
            (Page([{1: 1, "1": 2}]), "value.items[0] has the keys 1 and '1'"),
        ]
        for value, message in clashes:
            with self.assertRaises(CacheError) as raised:
                cache.set("k", value)
            self.assertIn(message, str(raised.exception))
        cache.set("k", {1: "a", "2": "b", None: {"1": 1}})
        self.assertEqual(cache.get_raw("k"), '{"1":"a","2":"b","null":{"1":1}}')

    def test_a_body_with_a_number_beyond_a_float_is_refused(self) -> None:
        for body in (b"1e400", b"[-1E+999]"):
            with self.assertRaisesRegex(Exception, "beyond a float"):
                Request(body=body).json()
