"""Tests of the declaration, lookup, calls and failures of services."""

import unittest
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hostel_sdk import (
    CacheError,
    Failure,
    HttpRequest,
    NotFound,
    Request,
    Response,
    Service,
    cache,
    host,
    logger,
    service,
)
from hostel_sdk.fake import Fake
from hostel_sdk.service import DeclarationError, Declared, declared


@dataclass
class Order:
    id: int
    price: float = 0.0


@service
def no_body() -> None:
    """Does nothing,
    quickly."""


@service(name="orders.place")
def place(order: Order) -> Order:
    return order


@service
def both(order: Order, request: Request) -> list[Any]:
    return [order.id, request.id]


@service
def anything(value):  # type: ignore[no-untyped-def]
    return value


@service
def fails(how: str) -> None:
    if how == "not-found":
        raise NotFound("no such thing")
    if how == "cache":
        raise CacheError("unavailable", "no response in 250 ms")
    if how == "exit":
        raise SystemExit(3)
    if how == "deep":
        fails("deep")
    if how == "import":
        import nowhere  # type: ignore[import-not-found]  # noqa: F401
    raise ValueError(f"cannot {how}")


class HTTPPage(Service):
    """Returns a page."""

    def handle(self, request: Request) -> Response:
        assert self.request is request
        self.logger.info("%s %s", type(self.cache).__name__, request.http and request.http.path)
        return Response.text("page", status=201, headers=[("X-A", "b")])


class _Base(Service):
    def handle(self) -> str:
        return self.word()

    def word(self) -> str:
        raise NotImplementedError


class Named(_Base):
    name = "by.hand"

    def word(self) -> str:
        return "named"


def _answering(value: object) -> Any:
    return lambda: value


class ServiceTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def test_a_service_has_a_given_or_derived_name_and_a_description(self) -> None:
        values = [no_body, place, HTTPPage, Named, _Base, Service, Order, logger, HTTPPage]
        listed = [(each.name, each.description) for each in declared(values).values()]
        expected = [
            ("no-body", "Does nothing,"),
            ("orders.place", ""),
            ("http-page", "Returns a page."),
            ("by.hand", ""),
        ]
        self.assertEqual(listed, expected)

    def test_a_handler_gets_the_request_the_body_or_both(self) -> None:
        for handler, payload, status, value in [
            (no_body, None, 204, None),
            (place, {"id": 2**70, "price": 2}, 200, {"id": 2**70, "price": 2.0}),
            (both, {"id": 1}, 200, [1, "fake"]),
            (anything, [1, None], 200, [1, None]),
            (anything, None, 204, None),
            (Named, None, 200, "named"),
        ]:
            response = self.fake.call(handler, payload)
            self.assertEqual((response.status, response.value()), (status, value))

    def test_a_body_that_does_not_fit_is_a_bad_request_with_the_place(self) -> None:
        for body, reason in [
            (b"", "needs a JSON body and has none"),
            (b"{}", "Order needs a member 'id'"),
            (b'{"id": "1"}', "at 'id': '1' is not of type int"),
            (b'{"id": 1, "price": 9007199254740993}', "9007199254740993"),
            (b'{"id":\n1,}', "at line 2 column"),
            (b"[NaN]", "NaN is not JSON"),
            (b"\xff", "utf-8"),
            (b'{"id": "\\ud800"}', "surrogate"),
            (b"[" * 100_000, "too deep"),
        ]:
            with self.assertRaises(Failure) as raised:
                self.fake.call(place, Request(body=body))
            self.assertEqual(raised.exception.kind, "bad-request")
            self.assertIn(reason, raised.exception.message)

    def test_a_failure_reaches_the_caller_and_a_fault_the_log(self) -> None:
        for how, kind, message in [
            ("not-found", "not-found", "no such thing"),
            ("cache", "unavailable", "no response in 250 ms"),
            ("fly", "internal", "ValueError: cannot fly"),
            ("exit", "internal", "SystemExit: 3"),
        ]:
            self.fake.logs.clear()
            with self.assertRaises(Failure) as raised:
                self.fake.call(fails, how)
            self.assertEqual(raised.exception.kind, kind)
            self.assertIn(message, raised.exception.message)
            self.assertEqual(bool(self.fake.logs), kind == "internal", how)

    def test_a_traceback_names_the_authors_file_and_line_and_none_of_the_sdk(self) -> None:
        with self.assertRaises(Failure):
            self.fake.call(fails, "fly")
        [text] = self.fake.logs
        self.assertIn(f'File "{__file__}", line ', text)
        self.assertIn("\nValueError: cannot fly", text)
        self.assertNotIn("hostel_sdk", text.replace(__file__, ""))

    def test_the_traceback_of_a_long_recursion_is_short(self) -> None:
        with self.assertRaises(Failure) as raised:
            self.fake.call(fails, "deep")
        self.assertIn("RecursionError", raised.exception.message)
        [text] = self.fake.logs
        self.assertLess(text.count("\n"), 30)

    def test_an_invalid_response_is_an_internal_failure_that_names_it(self) -> None:
        for value, reason in [
            (object(), "no JSON form"),
            (Response(status=99), "status of 99"),
            (Response(content_type=b"a/b"), "content type"),  # type: ignore[arg-type]
            (
                Response(content_type="é"),
                '"content-type": its value contains a non-ASCII character',
            ),
            (
                Response(content_type="a\nb"),
                '"content-type": its value contains a control character',
            ),
            (
                Response(content_type="a\x7f"),
                '"content-type": its value contains a control character',
            ),
            (Response(body="text"), "body of str"),  # type: ignore[arg-type]
            (Response(headers={"a": "b"}), "headers"),  # type: ignore[arg-type]
            (Response(headers=[("a", "b")]), '"a": its value is of type str'),  # type: ignore[list-item]
            (Response(headers=[(b"a", b"b")]), "name of b'a'"),  # type: ignore[list-item]
            (Response(headers=["ab"]), "header of 'ab'"),  # type: ignore[list-item]
        ]:
            with self.assertRaises(Failure) as raised:
                self.fake.call(service(name="odd")(_answering(value)))
            self.assertIn(reason, raised.exception.message)

    def test_a_response_without_a_json_form_is_an_error_with_the_service(self) -> None:
        answering = _answering({"a": [{1}]})
        with self.assertRaises(Failure) as raised:
            self.fake.call(service(name="odd")(answering))
        line = answering.__code__.co_firstlineno
        reason = "response['a'][0] is a set: store list(..) of it "
        reason += "(in the response of service 'odd', "
        self.assertIn(f"{reason}{__file__}:{line})", raised.exception.message)

    def test_a_missing_module_is_a_failure_and_a_log_line_with_a_hint(self) -> None:
        with self.assertRaises(Failure) as raised:
            self.fake.call(fails, "import")
        hint = "No module named 'nowhere': it is neither beside the file nor in"
        self.assertIn(hint, raised.exception.message)
        self.assertIn(hint, self.fake.logs[-1])

    def test_swapped_arguments_of_a_failure_are_reported(self) -> None:
        with self.assertRaisesRegex(ValueError, r"swap them, or raise TooManyRequests\(\.\.\)"):
            Failure("too-many-requests", "slow down")  # type: ignore[arg-type]
        why = "the kind is 'odd': it must be one of bad-request, "
        with self.assertRaisesRegex(ValueError, why):
            Failure("slow down", "odd")  # type: ignore[arg-type]

    def test_a_response_is_sent_unchanged(self) -> None:
        response = self.fake.call(HTTPPage, Request(http=HttpRequest(path="/a")))
        self.assertEqual((response.status, response.body), (201, b"page"))
        self.assertEqual(response.headers, [("x-a", b"b")])
        self.assertEqual(self.fake.logs, ["info: Cache /a"])

    def test_an_invalid_service_is_refused_with_file_and_line(self) -> None:
        def yields() -> Iterator[int]:
            yield 1

        def many(a: int, b: int) -> None: ...

        def keyword(*, a: int) -> None: ...

        def odd(a: set[int]) -> None: ...

        for function, name, reason in [
            (no_body, "my service", "is not a service name"),
            (no_body, "1a", "is not a service name"),
            (no_body, "a" * 129, "is not a service name"),
            (yields, None, "yields: it must return"),
            (many, None, r"\(a, b\): a handler takes at most one `Request` and one body value"),
            (keyword, None, "is not a positional parameter: a handler"),
            (odd, None, "is not a type that JSON can be read as"),
        ]:
            copy: Any = type(no_body)(function.__code__, function.__globals__, function.__name__)
            copy.__annotations__, copy.__kwdefaults__ = function.__annotations__, None
            with self.assertRaises(DeclarationError) as raised:
                Declared(service(name=name)(copy))
            self.assertRegex(str(raised.exception), rf"^{__file__}:\d+: .*{reason}")
        with self.assertRaisesRegex(DeclarationError, rf"^{__file__}:\d+: .*with @service"):
            self.fake.call(many)

    def test_a_duplicate_name_is_refused(self) -> None:
        other = service(name="no-body")(lambda: None)
        with self.assertRaisesRegex(DeclarationError, "two services have the name 'no-body'"):
            declared([no_body, other])

    def test_a_call_without_a_host_is_an_error_with_the_fix(self) -> None:
        kept, host.get = host.get, host._no_host
        try:
            with self.assertRaisesRegex(RuntimeError, r"fake = hostel_sdk\.fake\.Fake\(\)"):
                cache.get("k")
        finally:
            host.get = kept
