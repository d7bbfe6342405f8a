"""Tests of services written for Zato."""

import math
import unittest
from typing import Any

import hostel_sdk
from hostel_sdk import CacheError, Failure, HttpRequest, Request, cache
from hostel_sdk.fake import Fake
from hostel_sdk.service import declared
from zato.common import exception
from zato.server.service import Service


class MyService(Service):
    """Logs its name and the id of its request, and returns the decoded and the raw body."""

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
    """Runs the function that a test sets."""

    work: Any = None

    def handle(self) -> Any:
        return type(self).work(self)


class ZatoTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def run_in_service(self, work: Any, payload: object = None) -> Any:
        Runs.work = work
        return self.fake.call(Runs, payload)

    def refused(self, kind: str, message: str, work: Any) -> None:
        with self.assertRaises(Failure) as raised:
            self.run_in_service(work)
        self.assertEqual(raised.exception.kind, kind)
        self.assertIn(message, raised.exception.message)

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
            answer = self.fake.call(MyService, request).value()
            self.assertEqual(answer, {"payload": payload, "raw": body.decode()})
        self.assertEqual(self.fake.logs[0], "info: my-service 42")
        with self.assertRaises(Failure) as raised:
            request = Request(content_type="application/JSON", body=b"{")
            self.fake.call(MyService, request)
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
            ('{"a": 1}', 200, "application/json", b'{"a": 1}'),
            (b"[1]", 200, "application/json", b"[1]"),
            ("{'a': 1}", 200, "text/plain; charset=utf-8", b"{'a': 1}"),
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
                self.cache.get("d"),
            ]
            assert results == [None] * 6, results
            assert self.cache.exists("c") is True

        self.run_in_service(work)
        self.fake.advance(60)
        self.assertEqual([cache.exists(key) for key in "abc"], [True, True, False])

    def test_set_if_absent_returns_true_if_it_stored_the_value(self) -> None:
        def work(self: Runs) -> None:
            assert self.cache.set_if_absent("a", 1) is True
            assert self.cache.set_if_absent("a", 2, expiry=60) is False
            assert self.cache.set_if_absent("b", 1, 0) is True
            assert self.cache.set_if_absent("c", None, 60) is True
            assert self.cache.set_if_absent("c", 1) is False
            assert self.cache.get("a") == 1

        self.run_in_service(work)
        self.assertEqual([cache.ttl(key) for key in "abc"], [math.inf, math.inf, 60])

    def test_delete_by_prefix_removes_the_entries_with_that_prefix(self) -> None:
        def work(self: Runs) -> None:
            for key in ("user.1", "user.2", "order.1"):
                self.cache.set(key, 1)
            assert self.cache.delete_by_prefix("user.") == 2
            assert self.cache.delete_by_prefix("user.") == 0

        self.run_in_service(work)
        self.assertEqual(list(cache.keys("")), ["order.1"])

    def test_an_expiry_that_is_not_a_whole_number_in_range_is_refused(self) -> None:
        for expiry in (-1, 1.5, 0.0, True, False, "60", 2**32 + 60):
            for name in ("set", "set_if_absent"):
                with self.assertRaises(Failure) as raised:
                    self.run_in_service(
                        lambda self, n=name, e=expiry: getattr(self.cache, n)("a", 1, e)
                    )
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

    def test_zatos_exceptions_are_the_classes_of_the_sdk(self) -> None:
        for name in ("BadRequest", "Unauthorized", "Forbidden", "NotFound", "Conflict"):
            self.assertIs(getattr(exception, name), getattr(hostel_sdk, name))
        self.assertIs(exception.InternalServerError, hostel_sdk.Internal)
        self.assertIs(exception.ServiceUnavailable, hostel_sdk.Unavailable)
        ours = hostel_sdk.NotFound("no user 7")
        self.assertEqual((ours.message, ours.status, ours.cid), ("no user 7", 404, None))

        def work(self: Runs) -> None:
            try:
                raise exception.NotFound(self.cid, "no user 7")
            except hostel_sdk.NotFound as error:
                assert (error.cid, error.msg, error.status) == (self.cid, "no user 7", 404)
            for made in (exception.NotFound(self.cid), exception.NotFound(cid=self.cid, msg=None)):
                assert made.message in ("Not found", ""), made.message
            assert exception.Unauthorized(self.cid, "who?", "Basic").challenge == "Basic"
            teapot = exception.HTTPException(self.cid, "short", 418)
            assert (teapot.status, teapot.kind) == (418, "bad-request")
            raise exception.HTTPException(self.cid, "busy", 503)

        self.refused("unavailable", "busy", work)
        with self.assertRaisesRegex(ImportError, "has no 'Inactive' here; it has: BadRequest, "):
            from zato.common.exception import Inactive  # type: ignore[attr-defined]  # noqa: F401

    def test_the_input_is_the_body_the_path_and_the_query(self) -> None:
        http = HttpRequest(
            "POST", "/u/7", [("id", "7")], "id=8&tag=a&tag=b&empty=", headers=[("x-a", b"1"), ("x-a", b"2")]
        )

        class Merged(Service):
            def handle(self) -> None:
                http = self.request.http
                self.response.payload = {
                    "input": self.request.input,
                    "http": [http.method, http.path, http.params, http.GET, http.POST],
                    "header": [http.headers.get("X-A"), "x-B" in http.headers],
                }

        answer = self.fake.call(Merged, Request(body=b'{"id": 1, "b": 2}', http=http)).value()
        query = {"id": "8", "tag": ["a", "b"], "empty": ""}
        self.assertEqual(answer["input"], {"id": "8", "b": 2, "tag": ["a", "b"], "empty": ""})
        self.assertEqual(answer["http"], ["POST", "/u/7", {"id": "7"}, query, {}])
        self.assertEqual(answer["header"], ["1, 2", False])
        form = Request(content_type="application/x-www-form-urlencoded", body=b"a=1&b=%C3%A9")
        answer = self.fake.call(Merged, form).value()
        self.assertEqual(answer["input"], {"a": "1", "b": "é"})
        response = self.fake.call(ByName, Request(http=HttpRequest(path_params=[("id", "7")])))
        self.assertEqual(response.body, b"7 ''")

    def test_a_payload_is_filled_by_members_or_as_a_list(self) -> None:
        def members(self: Runs) -> None:
            self.response.payload.name = "Ada"
            self.response.payload["items"] = [1]
            self.response.payload.update({"more": None})

        def elements(self: Runs) -> None:
            self.response.payload[:] = [1]
            self.response.payload.append(2)
            self.response.payload.extend([3])

        def none(self: Runs) -> None:
            self.response.payload[:] = []

        def both(self: Runs) -> None:
            self.response.payload.append(1)
            self.response.payload.name = "Ada"

        def both_again(self: Runs) -> None:
            self.response.payload.name = "Ada"
            self.response.payload.append(1)

        self.assertEqual(self.run_in_service(members).value(), {"name": "Ada", "items": [1], "more": None})
        self.assertEqual(self.run_in_service(elements).value(), [1, 2, 3])
        self.assertEqual(self.run_in_service(none).value(), [])
        self.assertEqual(self.run_in_service(lambda self: "returned").body, b"returned")
        self.refused("internal", "self.response.payload is a list", both)
        self.refused("internal", "self.response.payload has members", both_again)

    def test_get_accepts_a_default_as_in_zato(self) -> None:
        def work(self: Runs) -> None:
            assert self.cache.get("none", 5) == 5 and self.cache.get("none", default="") == ""
            self.cache.set("k", 0)
            assert self.cache.get("k", 5) == 0

        self.run_in_service(work)

    def test_an_unknown_attribute_is_an_error_that_lists_the_available_ones(self) -> None:
        for work, message in [
            (lambda self: self.kvdb, "self.kvdb is not offered here; self has: cache, cid,"),
            (lambda self: self.invoke("a"), "self.invoke is not offered"),
            (lambda self: self.cache.get_many, "self.cache has: get, set, delete, exists, set_if_absent"),
            (lambda self: self.request.headers, "self.request has: http, input, payload, raw_request"),
            (lambda self: self.request.http.user_agent, "self.request.http has: GET, POST, headers"),
            (lambda self: self.response.payload.name, "self.response.payload.name is not offered"),
            (lambda self: self.request.input.a, "self.request.input.a is not offered"),
            (lambda self: self.response.data, "self.response has: content_type, headers,"),
        ]:
            self.refused("internal", "AttributeError: ", work)
            self.refused("internal", message, work)

    def test_a_class_attribute_that_only_zato_uses_is_refused(self) -> None:
        for name in ("SimpleIO", "output", "before_handle", "handle_POST", "handle_GET"):
            with self.assertRaisesRegex(AttributeError, name):
                type("Odd", (Service,), {name: None, "handle": lambda self: None})

    def test_an_import_of_other_names_of_zato_is_an_error(self) -> None:
        with self.assertRaisesRegex(ImportError, "Integer"):
            from zato.server.service import Integer  # type: ignore[attr-defined]  # noqa: F401
