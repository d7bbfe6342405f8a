"""Tests of the check before a build. The Python that runs the check may be older or newer than the
Python of plugins."""

import contextlib
import io
import os
import sys
import tempfile
import unittest

from hostel_sdk import check

# Valid in services, but a syntax error in an older Python.
NEWER = [
    "type Name = str",
    "def first[T](values: list[T]) -> T: ...",
    "class Box[T]: ...",
    "class Box[T = int]: ...",
    'def a(x): return f"{x["a"]}"',
    "def a(x): return f'{x['(']}'",
    'def a(x): return f"{\n x}"',
    'def a(x): return f"""{x["""a"""]}"""\n\nb = 1',
    "def a(x): return f'{\"\\n\".join(x)}'",
    'def a(x):\n    return print(\n        1,\n        f"{x["a"]} {x["b"]}",\n    )',
    'def a(x): return t"{x}"',
    "try: pass\nexcept ValueError, KeyError: pass",
    "try: pass\nexcept* ValueError: pass",
    "def a(x, y): return x[*y]",
    "def a(*x: *tuple[int]): ...",
]

# Code that the check refuses, and the beginning of the message.
WRONG = [
    ("def a()\n    pass", "a.py:1: SyntaxError: expected ':'"),
    ("\nx = (1,\ny = 2", "a.py:2: SyntaxError: '(' was never closed"),
    ("if 1:\nx = 1", "a.py:2: IndentationError: expected an indented block"),
    ("x = 'a", "a.py:1: SyntaxError: unterminated string literal"),
    ("def a():\n\tx = 1\n        y = 2", "a.py:3: TabError"),
    ("import helper\n\nreturn 1", "a.py:3: SyntaxError: 'return' outside function"),
    ("import nowhere", "a.py:1: ModuleNotFoundError: No module named 'nowhere': it is neither"),
    ("import json\nfrom nowhere.a import b", "a.py:2: ModuleNotFoundError: No module named 'no"),
    ("import broken", "broken.py:1: SyntaxError"),
    ("def a():\n    print 'a'", "a.py:2: SyntaxError: Missing parentheses in call to 'print'. Did "),
    ("import urllib2", "a.py:1: ModuleNotFoundError: No module named 'urllib2', which is urllib.req"),
    ("try: pass\nexcept ValueError, e:\n    x = e", "a.py:2: SyntaxError: except Error, name: this"),
]

# Python 2 code, which the check reports as such.
PYTHON_2 = [
    "print 'a'",
    'print "%s" % 1',
    "exec 'a'",
    "raise ValueError, 'a'",
    "try: pass\nexcept ValueError, e: raise e",
    "x = 1 <> 2",
    "x = `1`",
    "x = 0777",
    "x = 10L",
    "x = ur'a'",
    "from httplib import OK",
    "import ConfigParser",
]

# Code in which the check finds no error.
LEFT = [
    "import json, helper, zato.server.service, hostel_sdk, package.inner, annotationlib, fast",
    "import tomllib",
    "try:\n    import nowhere\nexcept ImportError:\n    nowhere = None",
    "def a():\n    import nowhere",
    "import sys\nsys.path.insert(0, 'lib')\nimport nowhere",
    "from . import nowhere",
    "x = '\\d'",
    "\0",
]


class CheckTest(unittest.TestCase):
    def test_python_2_is_reported_as_such(self) -> None:
        for source in PYTHON_2:
            with self.subTest(source):
                self.assertIn("this is Python 2, and services run on Python 3", self.wrong(source) or "")
        error = "class gone(Exception): pass\ntry: pass\nexcept ValueError, gone: pass"
        self.assertNotIn("Python 2", self.wrong(error) or "")

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        os.makedirs("package")
        files = {"helper.py": "x = 1", "broken.py": "x = = 1", "fast.cpython-314.so": ""}
        for name, text in files.items():
            with open(name, "w", encoding="utf-8") as file:
                file.write(text)

    def wrong(self, text: str) -> "str | None":
        with open("a.py", "w", encoding="utf-8") as file:
            file.write(text + "\n")
        with contextlib.redirect_stderr(io.StringIO()):
            return check.wrong("a.py", None)

    def test_certain_errors_are_reported_with_file_and_line(self) -> None:
        if sys.version_info[:2] > (3, 14):
            self.skipTest("nothing is certain to a Python newer than that of services")
        for text, expected in WRONG:
            with self.subTest(text):
                self.assertTrue((self.wrong(text) or "").startswith(expected), self.wrong(text))

    def test_syntax_of_a_newer_python_is_not_reported(self) -> None:
        for text in NEWER:
            with self.subTest(text):
                self.assertIsNone(self.wrong(text))

    def test_errors_that_only_the_build_can_detect_are_not_reported(self) -> None:
        for text in LEFT:
            with self.subTest(text):
                self.assertIsNone(self.wrong(text))


if __name__ == "__main__":
    unittest.main()
