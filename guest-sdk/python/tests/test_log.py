"""Tests of logging with the methods of Python's `logging`."""

import unittest
from typing import Any

from hostel_sdk import logger
from hostel_sdk.fake import Fake


class Broken:
    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__


class LogTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def test_each_method_logs_at_its_level(self) -> None:
        for method, level in [
            ("debug", "debug"),
            ("info", "info"),
            ("warning", "warn"),
            ("warn", "warn"),
            ("error", "error"),
            ("critical", "error"),
            ("exception", "error"),
        ]:
            getattr(logger, method)("text")
            self.assertEqual(self.fake.logs.pop(), f"{level}: text")
        for number, level in [
            (5, "debug"),
            (10, "debug"),
            (20, "info"),
            (30, "warn"),
            (50, "error"),
        ]:
            logger.log(number, "text")
            self.assertEqual(self.fake.logs.pop(), f"{level}: text")

    def test_a_message_is_formatted_as_logging_does(self) -> None:
        cases: list[tuple[tuple[Any, ...], str]] = [
            (("a %s %d %r", "b", 2, "c"), "a b 2 'c'"),
            (("100%",), "100%"),
            (("%(who)s", {"who": "Ada"}), "Ada"),
            (("%s", {}), "{}"),
            ((["admin", "editor"],), "['admin', 'editor']"),
            ((None,), "None"),
            (({"a": 1},), "{'a': 1}"),
            (("lone \ud800 é",), "lone \\ud800 é"),
        ]
        for args, line in cases:
            logger.info(*args)
            self.assertEqual(self.fake.logs.pop(), f"info: {line}")

    def test_a_message_that_cannot_be_formatted_is_still_logged(self) -> None:
        for args, message in [(("%d", "x"), "'%d' 'x'"), (("%s",), "%s"), (("a", 1), "'a' 1")]:
            logger.info(*args)
            self.assertIn(message, self.fake.logs.pop())
        logger.info(Broken())
        self.assertIn("<Broken>", self.fake.logs.pop())

    def test_an_exception_is_logged_with_its_traceback(self) -> None:
        try:
            raise KeyError("a")
        except KeyError as error:
            logger.exception("failed")
            first = self.fake.logs[:]
            self.fake.logs.clear()
            logger.warning("failed", exc_info=error)
        self.assertEqual(first[0], "error: failed")
        # The traceback is one record, which the host logs as one line.
        self.assertEqual(len(first), 2)
        self.assertTrue(first[1].startswith("error: Traceback (most recent call last):\n"), first)
        self.assertTrue(first[1].endswith("\nKeyError: 'a'"), first)
        self.assertEqual(self.fake.logs[0], "warn: failed")
        self.assertEqual(self.fake.logs[1:], first[1:])
