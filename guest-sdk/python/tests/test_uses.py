"""Tests of the interfaces that a build adds to a component."""

import os
import tempfile
import unittest
from pathlib import Path

from hostel_sdk import uses
from hostel_sdk.cache import METHODS

BEFORE = {"get", "get_raw", "set", "set_raw", "delete", "exists"}


class UsesTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def used(self, text: str) -> list[str]:
        self.write("a.py", text)
        packages = self.folder / "packages"
        there = str(packages) if packages.is_dir() else None
        return uses.interfaces(str(self.folder / "a.py"), there)

    def test_every_method_is_found_by_its_name(self) -> None:
        found = {method for methods in uses.INTERFACES.values() for method in methods}
        self.assertEqual(found, {*METHODS, "delete_by_prefix"} - BEFORE)
        for interface, methods in uses.INTERFACES.items():
            for method in methods:
                for text in (
                    f"cache.{method}('k', 1)",
                    f"call = cache.{method}\ncall('k')",
                    f"getattr(cache, {method!r})('k', 1)",
                    f"from helpers import {method}",
                    f"match cache:\n    case Cache({method}=call): pass",
                ):
                    self.assertEqual(self.used(text), [interface], text)

    def test_basic_functions_need_no_further_interface(self) -> None:
        lines = (f"cache.{method}('k')" for method in sorted(BEFORE))
        self.assertEqual(self.used("# cache.increment\n" + "\n".join(lines)), [])

    def test_several_interfaces_have_a_fixed_order(self) -> None:
        text = "cache.ttl('k'), cache.get_many([]), cache.take('k'), cache.get_or_set('k', f)"
        self.assertEqual(self.used(text), ["atomics", "lease", "batch", "entries"])

    def test_calls_of_a_dict_or_a_set_are_ignored(self) -> None:
        for text in (
            "d.keys()",
            "for key in list({}.keys()): pass",
            "d.update({})",
            "d.update(a=1)",
            "d.update()",
            "digest.update(b'')",
        ):
            self.assertEqual(self.used(text), [], text)
        for text, expected in [
            ("cache.keys('')", ["entries"]),
            ("cache.keys(prefix='')", ["entries"]),
            ("cache.keys(*prefixes)", ["entries"]),
            ("map(dict.keys, dicts)", ["entries"]),
            ("cache.update('k', f)", ["atomics"]),
            ("cache.update('k', change=f)", ["atomics"]),
            ("cache.update(**how)", ["atomics"]),
            ("cache.update(*how)", ["atomics"]),
            ("d.update(cache.update)", ["atomics"]),
        ]:
            self.assertEqual(self.used(text), expected, text)

    def test_http_and_settings_are_found_by_their_imports(self) -> None:
        for name, interface in (("http", "client"), ("config", "config")):
            for text in (
                f"from hostel_sdk import {name}",
                f"from hostel_sdk import cache, {name} as it",
                f"def later():\n    from hostel_sdk import {name}",
                f"import hostel_sdk.{name}",
                f"from hostel_sdk.{name} import *",
                f"import hostel_sdk\nhostel_sdk.{name}",
                f"import hostel_sdk as it\nit.{name}.get('a')",
                f"import hostel_sdk\ngetattr(hostel_sdk, '{name}')",
                f"importlib.import_module('hostel_sdk.{name}')",
                f"x = = 1\nfrom hostel_sdk import (cache,\n{name})",
            ):
                self.assertEqual(self.used(text), [interface], text)
        self.assertEqual(self.used("from hostel_sdk import *"), ["client", "config"])

    def test_another_object_of_the_same_name_is_ignored(self) -> None:
        for text in (
            "import http",
            "import http.client, config",
            "from http import client",
            "from hostel_sdk import Request\nimport http.client\nrequest.http.path",
            "self.request.http.params, http, config",
            "import hostel_sdk\nit.http",
            "'http', 'config'",
        ):
            self.assertEqual(self.used(text), [], text)

    def test_connections_of_zato_need_both(self) -> None:
        zato = "from zato.server.service import Service\n"
        conn = "self.out.rest['a']"
        for text in (
            "self.out.rest['a'].conn.get(self.cid)",
            "out = self.out\nout.rest",
            "getattr(self.out, 'rest')",
            f"x = = 1\n{conn}",
        ):
            self.assertEqual(self.used(zato + text), ["client", "config"], text)
            self.assertEqual(self.used(text), [], text)
        for other in (
            "from zato.server import service",
            "from zato import server",
            "import zato.server.service as it",
            "importlib.import_module('zato.server.service')",
        ):
            self.assertEqual(self.used(f"{other}\n{conn}"), ["client", "config"], other)
        self.assertEqual(self.used(zato + "self.cache.get('a'), self.request.http.GET"), [])

    def test_files_beside_the_source_are_searched_if_their_names_occur(self) -> None:
        self.write("helper.py", "import deeper")
        self.write("deeper.py", "cache.ttl('k')")
        self.write("other.py", "cache.increment('k')")
        self.assertEqual(self.used("import json"), [])
        for text in (
            "import helper",
            "from helper import *",
            "from . import helper",
            "def later():\n    from helper import name",
            "importlib.import_module('helper')",
        ):
            self.assertEqual(self.used(text), ["entries"], text)

    def test_packages_beside_the_source_are_searched_by_the_names_of_their_modules(self) -> None:
        self.write("lib/__init__.py", "cache.get_many([])")
        self.write("lib/counts.py", "cache.increment('k')")
        self.write("lib/inner/times.py", "cache.ttl('k')")
        self.assertEqual(self.used("import lib"), ["batch"])
        self.assertEqual(self.used("from lib.counts import count"), ["atomics", "batch"])
        self.assertEqual(self.used("import lib.inner.times"), ["batch", "entries"])

    def test_installed_packages_are_searched_if_their_names_occur(self) -> None:
        self.write("packages/alone.py", "cache.increment('k')")
        self.write("packages/boxes/__init__.py", "from .big import *")
        self.write("packages/boxes/big.py", "cache.get_or_set('k', f)")
        self.write("packages/boxes-1.0.dist-info/boxes.py", "cache.ttl('k')")
        self.write("packages/hostel_sdk/cache.py", "cache.ttl('k')")
        self.assertEqual(self.used("from hostel_sdk import cache, service"), [])
        self.assertEqual(self.used("import boxes"), ["lease"])
        self.assertEqual(self.used("import alone"), ["atomics"])

    def test_a_file_that_this_python_cannot_parse_is_searched_by_words(self) -> None:
        unreadable = "x = = 1\n"
        self.assertEqual(self.used(unreadable + "d.keys(); cache.get('k')"), [])
        for interface, methods in uses.INTERFACES.items():
            for method in methods:
                for text in (f"cache.{method}('k')", f"getattr(cache, '{method}')"):
                    self.assertEqual(self.used(unreadable + text), [interface], text)
        self.assertEqual(self.used(unreadable + "call = cache . keys"), ["entries"])
        self.write("helper.py", unreadable + "import deeper")
        self.write("deeper.py", "cache.ttl('k')")
        self.assertEqual(self.used("import helper"), ["entries"])

    def test_unreadable_files_are_skipped_and_cycles_end(self) -> None:
        self.write("helper.py", "import a, helper, gone, circle")
        os.symlink("nowhere", self.folder / "gone.py")
        os.symlink(".", self.folder / "circle")
        self.write("b.py", "import a")
        (self.folder / "bytes.py").write_bytes(b"\xff\xfe cache.ttl('k')")
        self.assertEqual(self.used("import helper, b, bytes"), ["entries"])


if __name__ == "__main__":
    unittest.main()
