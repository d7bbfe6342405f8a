"""Tests of HTTP requests on the fake: routes, accessors of the request, and responses."""

import unittest
from dataclasses import dataclass
from typing import Any

from hostel_sdk import (
    BadRequest,
    HttpRequest,
    Internal,
    NotFound,
    Request,
    Response,
    Service,
    TooManyRequests,
    Unavailable,
    service,
)
from hostel_sdk.fake import Fake
from hostel_sdk.service import DeclarationError


@dataclass
class Order:
    item: str


@service
def show(request: Request) -> list[Any]:
    assert request.http is not None
    return [request.http.method, request.http.path, request.http.path_params]


@service
def whole(request: Request) -> Any:
    assert request.http is not None
    http = request.http
    return {
        "service": request.service,
        "id": request.id,
        "content_type": request.content_type,
        "body": request.text(),
        "http": [http.path_params, http.query, http.authority, http.client],
        "headers": [[name, value.decode()] for name, value in http.headers],
    }


@service
def place(order: Order) -> Response:
    return Response.redirect(f"/orders/{order.item}")


class Sign(Service):
    def handle(self, request: Request) -> list[str | None]:
        return [request.form("name"), *request.form_values("tag")]


@service
def fail(request: Request) -> None:
    how = request.path_param("how")
    if how == "not-found":
        raise NotFound("no such thing")
    if how == "busy":
        raise TooManyRequests("slow down").with_header("Retry-After", "7")
    if how == "down":
        raise Unavailable("the ledger at 10.0.0.7")
    if how == "secret":
        raise Internal("the password is x")
    raise ValueError("cannot")


class Routes(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def check(self, method: str, path: str, found: object) -> None:
        response = self.fake.http(method, path)
        self.assertEqual(
            response.value() if response.status == 200 else response.status, found, path
        )

    def test_fixed_segments_take_precedence_over_parameters(self) -> None:
        for route in (
            "GET /users/{id}",
            "PUT /users/{user}",
            "GET /users/me",
            "/users/me/{what}",
            "GET /users/{id}/orders",
            "GET /",
        ):
            self.fake.serve(route, show)
        self.check("GET", "/users/7", ["GET", "/users/7", [["id", "7"]]])
        self.check("PUT", "/users/7", ["PUT", "/users/7", [["user", "7"]]])
        self.check("HEAD", "/users/7", ["HEAD", "/users/7", [["id", "7"]]])
        self.check(
            "GET", "/users/a%2Fb%20%c3%a9", ["GET", "/users/a%2Fb%20%c3%a9", [["id", "a/b é"]]]
        )
        self.check("GET", "/users/m%65", ["GET", "/users/m%65", []])
        self.check("BREW", "/users/me/orders", ["BREW", "/users/me/orders", [["what", "orders"]]])
        self.check("GET", "/users/you/orders", ["GET", "/users/you/orders", [["id", "you"]]])
        self.check("GET", "/?a=/b", ["GET", "/", []])
        for path in ("/users", "/users/", "/users//orders", "/users/7/", "/USERS/7"):
            self.check("GET", path, 404)
        for path in ("/users/%", "/users/%4", "/users/%zz", "/users/%ff"):
            self.check("GET", path, 400)
        self.check("PUT", "/users/me", 405)

    def test_a_path_without_a_route_or_method_is_a_problem(self) -> None:
        self.fake.serve("PUT /users/{id}", show)
        self.fake.serve("GET /users/{user}", show)
        response = self.fake.http("get", "/users/7")
        self.assertEqual(
            (response.status, response.content_type), (405, "application/problem+json")
        )
        self.assertEqual(response.headers, [("allow", b"GET, HEAD, PUT")])
        problem = response.value()
        self.assertEqual(problem["detail"], "this path allows GET, HEAD, PUT")
        self.assertEqual(
            (problem["code"], problem["title"]), ("method-not-allowed", "Method Not Allowed")
        )
        response = self.fake.http("GET", "/other")
        problem = {"type": "about:blank", "title": "Not Found", "status": 404, "code": "not-found"}
        problem.update(detail="no service has this path", request_id="fake")
        self.assertEqual((response.value(), response.headers), (problem, []))
        self.assertEqual(
            self.fake.http("GET", "/%").value()["detail"], "the path has an invalid escape"
        )
        self.assertEqual(self.fake.logs, [])

    def test_an_invalid_route_fails_the_test(self) -> None:
        self.fake.serve("GET /users/{id}", show)
        for route, message in [
            (
                "get /a",
                'unknown method "get"; there are: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
            ),
            ("GET a", 'the path "a" must begin with a slash'),
            ("a", 'the path "a" must begin with a slash'),
            (
                "GET /a/",
                'the path "/a/" has the segment "": a segment must not be empty, `.` or `..`',
            ),
            ("GET /../a", 'the segment "..": a segment must not be empty, `.` or `..`'),
            (
                "GET /a{b}",
                'the segment "a{b}": a parameter must be a whole segment, `{name}`, of letters',
            ),
            ("GET /{}", 'the segment "{}": a parameter'),
            ("GET /{a b}", 'the segment "{a b}": a parameter'),
            ("GET /a%20b", 'the path "/a%20b" has "%": write it without percent-encoding'),
            ("GET /a?b", 'the path "/a?b" has "?": write it without percent-encoding'),
            ("/a b", 'the path "/a b" has " ": write it without percent-encoding'),
            ("GET /{a}/{a}", 'the path "/{a}/{a}" has the parameter `a` twice'),
            (
                "GET /users/{name}",
                "/users/{name} matches requests that the earlier route /users/{id} matches",
            ),
            (
                "/users/{name}",
                "/users/{name} matches requests that the earlier route /users/{id} matches",
            ),
        ]:
            with self.assertRaises(ValueError) as raised:
                self.fake.serve(route, show)
            self.assertIn(message, str(raised.exception))
        with self.assertRaises(DeclarationError):
            self.fake.serve("GET /b", service(name="1")(lambda: None))
        with self.assertRaisesRegex(ValueError, 'the path "users/7" must begin with a slash'):
            self.fake.http("GET", "users/7")

    def test_a_request_has_the_data_that_the_client_sends(self) -> None:
        self.fake.serve("POST /things/{a}/{b}", whole)
        headers: list[tuple[str, str | bytes]] = [("X-A", "1"), ("x-a", b"2")]
        response = self.fake.http(
            "POST", "/things/1/%C3%A9?q=a+b&q", headers=headers, json={"a": 1}
        )
        self.assertEqual(
            response.value(),
            {
                "service": "whole",
                "id": "fake",
                "content_type": "application/json",
                "body": '{"a":1}',
                "http": [[["a", "1"], ["b", "é"]], "q=a+b&q", "localhost", "127.0.0.1:1"],
                "headers": [["x-a", "1"], ["x-a", "2"], ["content-type", "application/json"]],
            },
        )
        plain = self.fake.http(
            "POST", "/things/1/2", body="é", headers={"Content-Type": "a/b"}
        ).value()
        self.assertEqual((plain["body"], plain["content_type"]), ("é", "a/b"))
        empty = self.fake.http("POST", "/things/1/2").value()
        self.assertEqual((empty["body"], empty["content_type"], empty["headers"]), ("", None, []))
        both: list[Any] = [
            {"json": 1, "body": "a"},
            {"form": {}, "body": "a"},
            {"form": {}, "json": 1},
        ]
        for options in both:
            with self.assertRaises(ValueError):
                self.fake.http("POST", "/things/1/2", **options)

    def test_a_form_is_encoded_and_read(self) -> None:
        self.fake.serve("POST /sign", Sign)
        form = {"name": "Ada & Lö", "tag": ["a", "b=c"]}
        self.assertEqual(
            self.fake.http("POST", "/sign", form=form).value(), ["Ada & Lö", "a", "b=c"]
        )
        pairs = [("tag", "a"), ("tag", "b")]
        response = self.fake.http("POST", "/sign", form=pairs)
        self.assertEqual(response.value(), [None, "a", "b"])
        self.fake.serve("POST /whole", whole)
        own = "application/x-www-form-urlencoded; charset=utf-8"
        headers = {"Content-Type": own}
        sent = self.fake.http("POST", "/whole", form=pairs, headers=headers).value()
        self.assertEqual((sent["content_type"], sent["body"]), (own, "tag=a&tag=b"))
        self.assertEqual(self.fake.http("POST", "/sign", form={}).value(), [None])
        self.assertEqual(self.fake.http("POST", "/sign", body="name=a").status, 400)

    def test_a_body_that_does_not_fit_and_every_failure_is_a_problem(self) -> None:
        self.fake.serve("POST /orders", place)
        self.fake.serve("/fail/{how}", fail)
        made = self.fake.http("POST", "/orders", json={"item": "tea"})
        self.assertEqual((made.status, made.headers), (303, [("location", b"/orders/tea")]))
        refused = self.fake.http("POST", "/orders", json={}).value()
        self.assertEqual((refused["status"], refused["code"]), (400, "bad-request"))
        self.assertIn("Order needs a member 'item'", refused["detail"])
        for how, status, code, detail, headers, logged in [
            ("not-found", 404, "not-found", "no such thing", [], []),
            ("busy", 429, "too-many-requests", "slow down", [("retry-after", b"7")], []),
            (
                *("down", 503, "unavailable", "something that the service needs is unavailable"),
                *([], ["error: the ledger at 10.0.0.7"]),
            ),
            ("secret", 500, "internal", "the service failed", [], ["error: the password is x"]),
        ]:
            self.fake.logs.clear()
            response = self.fake.http("GET", f"/fail/{how}")
            problem = response.value()
            made_of = (response.status, problem["code"], problem["detail"], response.headers)
            self.assertEqual((*made_of, self.fake.logs), (status, code, detail, headers, logged))
        self.fake.logs.clear()
        self.assertEqual(self.fake.http("GET", "/fail/odd").value()["detail"], "the service failed")
        self.assertIn("\nValueError: cannot", self.fake.logs[0])
        self.assertEqual(self.fake.logs[1:], ["error: ValueError: cannot"])

    def test_a_request_that_is_not_made_over_http_has_no_http_data(self) -> None:
        request = Request()
        readers = (request.header, request.query, request.query_integer, request.path_param)
        for reader in (*readers, request.cookie, request.form):
            self.assertIsNone(reader("a"))
        for each in (request.header_values, request.query_values, request.form_values):
            self.assertEqual(each("a"), [])
        with self.assertRaisesRegex(Internal, 'the route has no path parameter "a"'):
            request.path_integer("a")

    def test_the_address_of_a_client_has_no_port_and_no_brackets(self) -> None:
        for client, address in [
            ("192.0.2.1:4711", "192.0.2.1"),
            ("[2001:db8::1]:0", "2001:db8::1"),
            ("", None),
        ]:
            request = Request(http=HttpRequest(client=client))
            self.assertEqual(request.client_address(), address)
        self.assertIsNone(Request().client_address())

    def test_an_integer_of_any_length_is_parsed_or_refused_quickly(self) -> None:
        for text, number in [
            ("-9223372036854775808", -(2**63)),
            ("9223372036854775807", 2**63 - 1),
            ("0" * 60_000 + "7", 7),
            ("-0", 0),
            ("9223372036854775808", None),
            ("-9223372036854775809", None),
            ("9" * 60_000, None),
            ("-" + "9" * 60_000, None),
            ("0" * 60_000 + "x", None),
            ("7\n", None),
            ("--7", None),
        ]:
            request = Request(http=HttpRequest(query=f"a={text}"))
            if number is not None:
                self.assertEqual(request.query_integer("a"), number)
                continue
            with self.assertRaises(BadRequest):
                request.query_integer("a")


if __name__ == "__main__":
    unittest.main()
