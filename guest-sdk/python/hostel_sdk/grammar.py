"""Validates keys and values for the fake, with the host's rules and messages."""

from __future__ import annotations

import math
import re

from .error import CacheError
from .limits import DEFAULT_VALUE_LIMIT, MAX_DEPTH, MAX_INTEGER, MAX_KEY_BYTES

_EXCERPT_CHARS = 32

_SPACE = re.compile(r"[ \n\r\t]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_DIGITS = re.compile(r"[0-9]*")
_SURROGATE = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})(\\u[dD][c-fC-F][0-9a-fA-F]{2})?")
_UNICODE = re.compile(r"\\u[0-9a-fA-F]{4}")
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")


def check_key(key: str) -> None:
    """Raises ``CacheError`` for a key that the host would refuse."""
    size = len(key.encode())
    if not 1 <= size <= MAX_KEY_BYTES:
        shown = f"{excerpt(key)} of {size} bytes" if key else '""'
        rule = f"a key must be 1 to {MAX_KEY_BYTES} bytes"
        raise CacheError("invalid-key", f"invalid key {shown}: {rule}")


def check_value(text: str) -> None:
    """Raises ``CacheError`` for a value that the host would refuse."""
    size = len(text.encode())
    if size > DEFAULT_VALUE_LIMIT:
        rule = f"a value must be at most {DEFAULT_VALUE_LIMIT} bytes here"
        raise CacheError("too-large", f"value {excerpt(text)} of {size} bytes is too large: {rule}")
    reader = _Reader(text)
    try:
        reader.read()
    except _Flaw as flaw:
        found = excerpt(text[reader.at :]) if reader.at < len(text) else "the end"
        offset = len(text[: reader.at].encode())
        why = f"invalid value at byte {offset}: {flaw}, found {found}"
        raise CacheError("invalid-value", why) from None


def sum_of(text: str, delta: int) -> int:
    """Returns the sum of a stored integer and a delta. Raises ``CacheError`` if the text or the sum
    is not an integer from -(2^53 - 1) to 2^53 - 1."""
    value = int(text) if _INTEGER.fullmatch(text) else MAX_INTEGER + 1
    if abs(value) > MAX_INTEGER:
        form = "written without fraction, exponent and spaces"
        rule = f"is not an integer from -(2^53 - 1) to 2^53 - 1, {form}"
        raise CacheError("invalid-value", f"value {excerpt(text)} {rule}")
    if abs(value + delta) > MAX_INTEGER:
        message = f"the sum of {value} and {delta} is not from -(2^53 - 1) to 2^53 - 1"
        raise CacheError("invalid-value", message)
    return value + delta


def excerpt(text: str) -> str:
    """Returns the beginning of a text in quotes, formatted as in the host's messages."""
    short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
    shown = (
        short.get(each) or (each if each.isprintable() else f"\\u{{{ord(each):x}}}")
        for each in text[:_EXCERPT_CHARS]
    )
    return f'"{"".join(shown)}"' + ("..." if len(text) > _EXCERPT_CHARS else "")


class _Flaw(Exception):
    """The text is not a valid value. The reader's position is the place of the error."""


class _Reader:
    """A non-recursive JSON validator: deep nesting cannot overflow the stack."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.open: list[str] = []

    def read(self) -> None:
        while self.begin_value() or self.end_value():
            pass

    def next(self) -> str:
        """Skips white space and returns the next character, or an empty text at the end."""
        self.skip(_SPACE)
        return self.text[self.at : self.at + 1]

    def skip(self, pattern: re.Pattern[str]) -> int:
        """Skips the characters that match the pattern and returns their number."""
        start = self.at
        found = pattern.match(self.text, start)
        self.at = found.end() if found else start
        return self.at - start

    def begin_value(self) -> bool:
        """Reads a scalar, or opens an array or object. Returns true if a value must follow."""
        first = self.next()
        if first and first in "[{":
            return self.open_container(first)
        if first == '"':
            self.string()
        elif first and first in "-0123456789":
            self.number()
        else:
            literals = (each for each in ("true", "false", "null") if each[0] == first)
            word = next(literals, None)
            if not word or not self.text.startswith(word, self.at):
                raise _Flaw("expected a value")
            self.at += len(word)
        return False

    def end_value(self) -> bool:
        """Closes the arrays and objects that end after a value. Returns true if another value
        follows."""
        while True:
            following = self.next()
            if not self.open:
                if following:
                    raise _Flaw("expected nothing after the value")
                return False
            closing = "}" if self.open[-1] == "{" else "]"
            if following not in (closing, ","):
                raise _Flaw(f"expected a comma or {closing}")
            self.at += 1
            if following == ",":
                if self.open[-1] == "{":
                    self.member_name()
                return True
            self.open.pop()

    def open_container(self, first: str) -> bool:
        if len(self.open) == MAX_DEPTH:
            raise _Flaw(f"nested deeper than {MAX_DEPTH} arrays and objects")
        self.open.append(first)
        self.at += 1
        if self.next() == ("}" if first == "{" else "]"):
            return False
        if first == "{":
            self.member_name()
        return True

    def member_name(self) -> None:
        if self.next() != '"':
            raise _Flaw("expected a member's name in double quotes")
        self.string()
        if self.next() != ":":
            raise _Flaw("expected a colon")
        self.at += 1

    def number(self) -> None:
        start = self.at
        self.at += self.text[start] == "-"
        first = self.text[self.at : self.at + 1]
        whole = self.digits()
        if first == "0" and whole > 1:
            self.at = start
            raise _Flaw("a number with a leading zero")
        if self.text.startswith(".", self.at):
            self.at += 1
            self.digits()
        if self.text.startswith(("e", "E"), self.at):
            self.at += 1
            self.at += self.text.startswith(("+", "-"), self.at)
            self.digits()
        if math.isinf(float(self.text[start : self.at])):
            self.at = start
            raise _Flaw("a number that is not finite as a binary64")

    def digits(self) -> int:
        count = self.skip(_DIGITS)
        if count == 0:
            raise _Flaw("expected a digit")
        return count

    def string(self) -> None:
        self.at += 1
        while True:
            self.skip(_PLAIN)
            following = self.text[self.at : self.at + 1]
            if following == '"':
                self.at += 1
                return
            if following == "\\":
                self.escape()
            else:
                self.unfinished(following)

    def unfinished(self, following: str) -> None:
        if following:
            raise _Flaw("a control character that is not escaped")
        raise _Flaw("expected the closing quote of a string")

    def escape(self) -> None:
        letter = self.text[self.at + 1 : self.at + 2]
        if not letter:
            self.at += 1
            self.unfinished(letter)
        if letter in '"\\/bfnrt':
            self.at += 2
            return
        if letter != "u":
            raise _Flaw("an unknown escape")
        pair = _SURROGATE.match(self.text, self.at)
        if pair and not pair[2]:
            raise _Flaw("a high surrogate without a low one after it")
        unit = _UNICODE.match(self.text, self.at)
        if not unit:
            raise _Flaw("an escape without four hexadecimal digits")
        if not pair and 0xDC00 <= int(unit[0][2:], 16) <= 0xDFFF:
            raise _Flaw("a low surrogate without a high one before it")
        self.at = pair.end() if pair else unit.end()
