"""Tests of the conformance plugin that sends requests and reads settings, on the fake."""

import importlib.util
import unittest
from pathlib import Path
from typing import Any

from hostel_sdk import http
from hostel_sdk.fake import Fake

FILE = Path(__file__).parents[1] / "conformance/sources/sources.py"
URL = "https://source.example.com/value"


def plugin() -> Any:
    """Imports the module of the plugin."""
    spec = importlib.util.spec_from_file_location("sources", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class SourcesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def test_requests_are_sent_and_settings_are_read_as_the_payload_requests(self) -> None:
        sources = plugin()
        self.fake.set_config("a", "1")
        self.fake.route("POST", URL, lambda it: http.Response(body=it.body, headers=it.headers))
        self.fake.route("GET", URL, "timeout")
        post = {"method": "POST", "url": URL, "headers": [["X-A", "b"]], "body": "ä"}
        post.update(timeout=1_500, redirects=0)
        made = {"status": 200, "url": URL, "headers": [["x-a", "b"]], "body": "ä"}
        sent = self.fake.call(sources.http_send, [post]).value()
        self.assertEqual((sent, self.fake.requests[0].timeout), ([made], 1.5))
        get = {"method": "GET", "url": URL}
        sent = self.fake.call(sources.http_send, [get, post, {**get, "method": "G T"}]).value()
        kinds = [result.get("error") for result in sent]
        self.assertEqual((kinds, sent[1]), (["timeout", None, "invalid-request"], made))
        self.assertEqual(self.fake.call(sources.config_get, "a").value(), "1")
        self.assertEqual(self.fake.call(sources.config_get, "b").body, b"null")
        self.assertEqual(self.fake.call(sources.config_names).value(), ["a"])
        self.fake.route("GET", URL, http.Response(404))
        self.assertEqual(self.fake.call(sources.http_at_once, [URL, URL]).value(), [404, 404])


if __name__ == "__main__":
    unittest.main()
