"""Tests of the headers and cookies of responses and failures."""

import unittest
from typing import Any

from hostel_sdk import Failure, HttpRequest, NotFound, Request, Response, TooManyRequests, service
from hostel_sdk.fake import Fake
from zato.common import exception


class ResponseTest(unittest.TestCase):
    def test_writers_return_the_response(self) -> None:
        response = Response.text("made", headers=[("X-A", "1")])
        self.assertIs(response.with_header("X-A", "2").with_cookie("a", "b"), response)
        cookie = b"a=b; Path=/; Secure; HttpOnly; SameSite=Lax"
        self.assertEqual(response.headers, [("x-a", b"1"), ("x-a", b"2"), ("set-cookie", cookie)])

    def test_headers_are_read_by_name(self) -> None:
        response = Response(headers=[("Vary", b"accept")]).with_header("vary", "origin")
        self.assertEqual(response.header("VARY"), "accept, origin")
        self.assertEqual(response.header_values("Vary"), ["accept", "origin"])
        self.assertIsNone(response.header("location"))

    def test_a_header_of_another_type_is_a_type_error_that_names_it(self) -> None:
        for value, kind in [(7, "of type int"), (None, "None")]:
            message = f'the header "X-A": its value is {kind}: it must be a str or bytes'
            odd: Any = value
            for write in (Response().with_header, NotFound().with_header):
                with self.assertRaisesRegex(TypeError, message):
                    write("X-A", odd)
            with self.assertRaisesRegex(TypeError, message):
                Response.text("a", headers=[("X-A", odd)])
        name: Any = 7
        with self.assertRaisesRegex(TypeError, "a header's name of 7: it must be a str"):
            Response().with_header(name, "a")

    def test_an_option_of_a_cookie_of_another_type_or_value_is_named(self) -> None:
        for options, error, message in [
            (
                {"max_age": 1.5},
                TypeError,
                'the cookie "a": a max_age of 1.5: it must be whole seconds',
            ),
            ({"max_age": True}, TypeError, "a max_age of True"),
            ({"max_age": -1}, ValueError, "a max_age of -1: it must be 0 or more"),
            (
                {"same_site": "Lax"},
                ValueError,
                "a same_site of 'Lax': it must be 'lax', 'strict' or",
            ),
        ]:
            given: Any = options
            with self.assertRaisesRegex(error, message):
                Response().with_cookie("a", "1", **given)
        response = Response().with_cookie("a", "1", path=None, secure=False, http_only=False)
        self.assertEqual(response.headers, [("set-cookie", b"a=1; SameSite=Lax")])

    def test_a_cookie_of_age_0_is_deleted(self) -> None:
        response = Response().with_cookie("a", "", max_age=0)
        expected = ["a=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"]
        self.assertEqual(response.header_values("Set-Cookie"), expected)


class FailureTest(unittest.TestCase):
    def fails(self, failure: Failure, http: HttpRequest | None) -> Response:
        def fail() -> None:
            raise failure

        return Fake().call(service(name="fails")(fail), Request(id="7", http=http))

    def test_a_failure_keeps_its_class_and_its_headers(self) -> None:
        failure = TooManyRequests("slow down").with_header("Retry-After", "7")
        self.assertIs(type(failure.with_header("X-A", b"\xff")), TooManyRequests)
        self.assertEqual(failure.headers, [("retry-after", b"7"), ("x-a", b"\xff")])
        self.assertEqual(tuple(TooManyRequests("slow down").headers), ())
        response = self.fails(failure, HttpRequest())
        self.assertEqual((response.status, response.headers), (429, failure.headers))
        self.assertEqual(response.value()["request_id"], "7")
        with self.assertRaises(TooManyRequests):
            self.fails(failure, None)

    def test_a_failure_of_zato_has_headers_too(self) -> None:
        failure = exception.HTTPException("", "teapot", 418).with_header("x-a", "1")
        response = self.fails(failure, HttpRequest())
        self.assertEqual((response.status, response.value()["code"]), (400, "bad-request"))

    def test_an_invalid_header_turns_the_failure_into_an_internal_one(self) -> None:
        for name, value in [("x a", "1"), ("x-a", "1\n"), ("Content-Length", "1")]:
            with self.assertRaises(Failure) as raised:
                self.fails(NotFound("none").with_header(name, value), HttpRequest())
            self.assertEqual(raised.exception.kind, "internal")
            self.assertIn(f'the response header "{name.lower()}": ', raised.exception.message)


if __name__ == "__main__":
    unittest.main()
