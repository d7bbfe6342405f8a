"""Services written for Zato."""

import unittest
from typing import Any

from hostel_sdk import CacheError, Failure, Request, cache
from hostel_sdk.fake import Fake
from hostel_sdk.service import declared
from zato.common import exception
from zato.server.service import Service


class MyService(Service):
    """Says what it gets."""

    def handle(self) -> None:
        self.logger.info("%s %s", self.name, self.cid)
        self.response.payload = {"payload": self.request.payload, "raw": self.request.raw_request}


class ByName(Service):
    name = "orders.by-name"
    input = "id", "-item"

    def handle(self) -> None:
        self.response.payload = f"{self.request.input.id} {self.request.input.item!r}"
        self.response.status_code = 201
        self.response.headers["X-Order"] = 7  # type: ignore[assignment]
        self.response.content_type = "text/html"


class Runs(Service):
    """Runs what a test gives it."""

    work: Any = None

    def handle(self) -> Any:
        return type(self).work(self)


class ZatoTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def run_in_service(self, work: Any, payload: object = None) -> Any:
        Runs.work = work
        return self.fake.call(Runs, payload)

    def refused(self, kind: str, says: str, work: Any) -> None:
        with self.assertRaises(Failure) as raised:
            self.run_in_service(work)
        self.assertEqual(raised.exception.kind, kind)
        self.assertIn(says, raised.exception.message)

    def test_services_are_named_by_attribute_or_class(self) -> None:
        self.assertEqual(
            list(declared([Service, MyService, ByName])), ["my-service", "orders.by-name"]
        )

    def test_the_request_is_payload_raw_request_and_input(self) -> None:
        for body, content_type, payload in [
            (b'{"a": [1]}', None, {"a": [1]}),
            (b"", None, ""),
            (b"plain", None, "plain"),
            (b"2", "application/json", 2),
        ]:
            request = Request(id="42", content_type=content_type, body=body)
            answer = self.fake.call(MyService, request=request).value()
            self.assertEqual(answer, {"payload": payload, "raw": body.decode()})
        self.assertEqual(self.fake.logs[0], "info: my-service 42")
        with self.assertRaises(Failure) as raised:
            request = Request(content_type="application/json", body=b"{")
            self.fake.call(MyService, request=request)
        self.assertEqual(raised.exception.kind, "bad-request")

    def test_the_response_is_payload_status_headers_and_content_type(self) -> None:
        response = self.fake.call(ByName, {"id": 1})
        self.assertEqual((response.status, response.content_type), (201, "text/html"))
        self.assertEqual((response.headers, response.body), ([("x-order", b"7")], b"1 ''"))
        for payload, status, content_type, body in [
            (None, 204, None, b""),
            ("", 204, None, b""),
            ("a", 200, "text/plain; charset=utf-8", b"a"),
            ([1], 200, "application/json", b"[1]"),
            (b"a", 200, "application/octet-stream", b"a"),
        ]:
            response = self.run_in_service(lambda self, payload=payload: payload)
            made = (response.status, response.content_type, response.body)
            self.assertEqual(made, (status, content_type, body))

    def test_a_missing_input_is_a_bad_request_that_names_it(self) -> None:
        with self.assertRaises(Failure) as raised:
            self.fake.call(ByName, {"item": 1})
        self.assertEqual(raised.exception.kind, "bad-request")
        self.assertIn("'id'", raised.exception.message)

    def test_set_and_delete_return_none_and_no_expiry_is_0_or_none(self) -> None:
        def work(self: Runs) -> None:
            results = [
                self.cache.set("a", 1, 0),
                self.cache.set("b", 1, None),
                self.cache.set("c", 1, expiry=60),
                self.cache.set("d", 1, 60),
                self.cache.delete("d"),
            ]
            assert results == [None] * 5, results
            assert self.cache.get("d") is None and self.cache.exists("c") is True

        self.run_in_service(work)
        self.fake.advance(60)
        self.assertEqual([cache.exists(key) for key in "abc"], [True, True, False])

    def test_an_expiry_that_is_no_whole_number_in_range_is_refused(self) -> None:
        for expiry in (-1, 1.5, 0.0, True, False, "60", 2**32 + 60):
            with self.assertRaises(Failure) as raised:
                self.run_in_service(lambda self, expiry=expiry: self.cache.set("a", 1, expiry))
            self.assertIsInstance(raised.exception.__cause__, CacheError)
        self.assertEqual(self.fake.stats.sets, 0)

    def test_zatos_exceptions_are_failures_of_their_kind(self) -> None:
        for name, kind in [
            ("BadRequest", "bad-request"),
            ("Unauthorized", "unauthorized"),
            ("Forbidden", "forbidden"),
            ("NotFound", "not-found"),
            ("MethodNotAllowed", "method-not-allowed"),
            ("Conflict", "conflict"),
            ("TooManyRequests", "too-many-requests"),
            ("InternalServerError", "internal"),
            ("ServiceUnavailable", "unavailable"),
        ]:

            def work(self: Runs, name: str = name) -> None:
                raise getattr(exception, name)(self.cid, "the reason")

            self.refused(kind, "the reason", work)
        self.assertEqual(self.fake.logs, [])

    def test_what_is_not_offered_is_an_attribute_error_that_says_what_is(self) -> None:
        for work, says in [
            (lambda self: self.kvdb, "self.kvdb is not offered here; self has: cache, cid,"),
            (lambda self: self.invoke("a"), "self.invoke is not offered"),
            (lambda self: self.cache.get_many, "self.cache has: get, set, delete, exists"),
            (lambda self: self.request.http, "self.request has: input, payload, raw_request"),
            (lambda self: self.request.input.a, "self.request.input.a is not offered"),
            (lambda self: self.response.data, "self.response has: content_type, headers,"),
        ]:
            self.refused("internal", "AttributeError: ", work)
            self.refused("internal", says, work)

    def test_what_zato_reads_of_a_class_and_hostel_does_not_is_refused(self) -> None:
        for name in ("SimpleIO", "output", "before_handle"):
            with self.assertRaisesRegex(AttributeError, name):
                type("Odd", (Service,), {name: None, "handle": lambda self: None})

    def test_what_zato_has_beside_service_is_an_import_error(self) -> None:
        with self.assertRaisesRegex(ImportError, "Integer"):
            from zato.server.service import Integer  # type: ignore[attr-defined]  # noqa: F401
