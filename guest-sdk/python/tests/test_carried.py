"""Tests of the data files in a component, and of files that are listed without their content."""

import os
import string
import sys
import tempfile
import types
import unittest
from unittest import mock

from hostel_sdk import carried, files


class Carried(unittest.TestCase):
    def setUp(self) -> None:
        for kept in (files.contents, files.folders, files.left_out, files.sizes):
            kept.clear()
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def make(self, name: str, text: str = "") -> str:
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def names(self) -> list[str]:
        return sorted(os.path.relpath(path, self.folder.name) for path in files.contents)

    def test_only_data_files_beside_a_source_that_reads_files_are_included(self) -> None:
        source = self.make("shop.py", "HERE = Path(__file__)")
        for name in ["a.txt", "lib/b.csv", "lib/b.py", ".env", "README.md", "test_shop.py", "x.so"]:
            self.make(name)
        for name in ["a.key", "node_modules/a.js", "env/pyvenv.cfg", "env/lib/a.txt", "tests/a.txt"]:
            self.make(name)
        self.assertTrue(carried.collect(self.folder.name, None, [source]))
        self.assertEqual(self.names(), ["a.txt", "lib/b.csv"])
        self.assertEqual(files.folders[self.folder.name], ["a.txt", "lib"])

    def test_no_files_are_included_for_a_source_that_reads_none(self) -> None:
        source = self.make("shop.py", "import json")
        self.make("a.txt")
        self.assertFalse(carried.collect(self.folder.name, None, [source]))
        self.assertEqual(self.names(), [])

    def test_an_imported_package_is_included_with_its_modules_that_are_not_imported(self) -> None:
        loaded = types.ModuleType("boxes")
        loaded.__file__ = self.make("boxes/__init__.py")
        for name in ["boxes/later.py", "boxes/a.html", "boxes/tests/b.txt", "other/a.html"]:
            self.make(name)
        with mock.patch.dict(sys.modules, {"boxes": loaded}):
            carried.collect("/nowhere", self.folder.name, [])
        self.assertEqual(self.names(), ["boxes/a.html", "boxes/later.py"])

    def test_the_largest_file_beyond_the_limit_is_left_out_with_a_reason(self) -> None:
        source = self.make("shop.py", "open")
        small, big = self.make("small.txt", "a" * 10), self.make("big.bin", "a" * 101)
        # Each file fits alone, but the two files together do not.
        first, second = self.make("b.bin", string.printable[:60]), self.make("c.bin", "%" * 61)
        with mock.patch.object(carried, "MAX_BYTES", 100), mock.patch("zlib.compress", bytes):
            carried.collect(self.folder.name, None, [source])
        self.assertEqual(list(files.contents), [small, first])
        self.assertIn(second, files.left_out)
        self.assertRegex(files.left_out[big], "is not in the component.*the largest is big.bin")

    def test_a_file_that_cannot_be_read_is_left_out_alone(self) -> None:
        source = self.make("shop.py", "open")
        closed, larger = self.make("closed.txt", "a"), self.make("larger.txt", "aa")
        read = carried._read
        unreadable = {closed: None}
        reading = mock.Mock(side_effect=lambda path: unreadable.get(path, read(path)))
        with mock.patch.object(carried, "_read", reading):
            carried.collect(self.folder.name, None, [source])
        self.assertEqual(list(files.contents), [larger])
        self.assertRegex(files.left_out[closed], "could not be read")


if __name__ == "__main__":
    unittest.main()
