"""Tests of Zato services that send requests with ``self.out.rest``."""

import unittest
from collections.abc import Callable
from typing import Any

from hostel_sdk import Failure, HttpError, Request, http
from hostel_sdk.fake import Fake
from zato.server.outgoing import RestConn
from zato.server.service import Service

CRM = "https://crm.example.com"


class Runs(Service):
    """Runs the function that a test sets."""

    work: Any = None

    def handle(self) -> None:
        type(self).work(self)


class RestTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()
        self.connect("crm", "/v1/customers/{id}/orders")
        self.connect("list", "/list?all=1")
        self.fake.route("GET", f"{CRM}*", http.Response(json={"a": [1]}))
        for method in ("HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            self.fake.route(method, f"{CRM}/*", http.Response(204))

    def connect(self, name: str, path: str) -> None:
        self.fake.set_config(f"zato.out.rest.{name}.host", CRM)
        self.fake.set_config(f"zato.out.rest.{name}.url-path", path)

    def run_in_service(self, work: Callable[[Any], object]) -> Any:
        """Runs the work in a service with the request id `42` and returns its result."""
        results = []
        Runs.work = lambda service: results.append(work(service))
        self.fake.call(Runs, Request(id="42"))
        return results[0]

    def asked(self, work: Callable[[Any], object]) -> Any:
        """Runs the work in a service and returns the last request that was sent."""
        self.run_in_service(work)
        return self.fake.requests[-1]

    def refused(self, expected: str, work: Callable[[Any], object]) -> Any:
        """Checks that the service fails as `internal`, with the expected text in the message.
        Returns the exception of the work."""
        with self.assertRaises(Failure) as raised:
            self.run_in_service(work)
        self.assertEqual(raised.exception.kind, "internal")
        self.assertIn(expected, raised.exception.message)
        return raised.exception.__cause__

    def test_a_request_goes_to_the_address_of_its_connection(self) -> None:
        params = {"id": 7}
        for method in ("get", "head"):
            sent = self.asked(lambda it: getattr(it.out.rest["crm"].conn, method)(it.cid, params))
            self.assertEqual((sent.method, sent.body), (method.upper(), b""))
            self.assertEqual(sent.url, f"{CRM}/v1/customers/7/orders")
            self.assertEqual(sent.headers, [("X-Zato-CID", b"42")])
        for method in ("post", "put", "patch", "delete", "options"):
            sent = self.asked(
                lambda it: getattr(it.out.rest["crm"].conn, method)(it.cid, {"b": 1}, params)
            )
            self.assertEqual((sent.method, sent.body), (method.upper(), b'{"b":1}'))
            self.assertEqual(sent.url, f"{CRM}/v1/customers/7/orders")
        self.assertEqual(params, {"id": 7})

    def test_texts_and_bytes_are_sent_unchanged_and_other_values_as_json(self) -> None:
        is_json = "application/json"
        for data, body, content_type in [
            ('{"a": 1}', b'{"a": 1}', is_json),
            (b"\xff", b"\xff", is_json),
            ([1, None], b"[1,null]", is_json),
            ({}, b"{}", is_json),
            (0, b"0", is_json),
            ("", b"", None),
            (None, b"", None),
        ]:
            sent = self.asked(lambda it: it.out.rest["list"].conn.post(it.cid, data, timeout=2))
            self.assertEqual((sent.body, sent.header("Content-Type")), (body, content_type), data)
            self.assertEqual(sent.timeout, 2)

    def test_headers_of_the_service_replace_the_default_ones(self) -> None:
        headers = {"content-type": "text/csv", "x-zato-cid": "mine", "X-Key": "k"}
        for data in ("a,b", [1]):
            sent = self.asked(
                lambda it: it.out.rest["list"].conn.send(it.cid, data, headers=headers)
            )
            expected = {name: value.encode() for name, value in headers.items()}
            self.assertEqual(sent.headers, list(expected.items()))

    def test_parameters_fill_the_path_and_the_others_form_the_query(self) -> None:
        for name, params, url in [
            ("crm", {"id": "a/b ü?", "c": 1}, "/v1/customers/a%2Fb%20%C3%BC%3F/orders?c=1"),
            ("crm", {"id": 0, "c": ["x", "y&"]}, "/v1/customers/0/orders?c=x&c=y%26"),
            ("list", {"b": 1, "none": None}, "/list?all=1&b=1"),
            ("list", None, "/list?all=1"),
            ("list", {"none": None}, "/list?all=1"),
        ]:
            sent = self.asked(lambda it: it.out.rest[name].conn.get(it.cid, params=params))
            self.assertEqual(sent.url, CRM + url)
        self.connect("pair", "/{a}-{b}/{a}")
        params = {"a": "{b}", "b": 1}
        sent = self.asked(lambda it: it.out.rest["pair"].conn.get(it.cid, params))
        self.assertEqual(sent.url, f"{CRM}/%7Bb%7D-1/%7Bb%7D")

    def test_parameters_that_do_not_fit_are_refused(self) -> None:
        for params, expected in [
            (None, "orders of 'crm' needs 'id', in params"),
            ({"di": 1}, "orders of 'crm' needs 'id', in params"),
            ({"id": ".."}, "the parameter 'id' of the path is '..', which is not a valid segment"),
            ({"id": ""}, "the parameter 'id' of the path is ''"),
            ("id=1", "params of 'id=1': they must be a dict"),
        ]:
            raised = self.refused(expected, lambda it: it.out.rest["crm"].conn.get(it.cid, params))
            self.assertIsInstance(raised, HttpError)
        self.assertEqual(self.fake.requests, [])

    def test_an_address_has_one_slash_between_its_host_and_its_path(self) -> None:
        for host, path, url in [
            (CRM, None, CRM),
            (f"{CRM}/", None, CRM),
            (f"{CRM}/", "a", f"{CRM}/a"),
            (f"{CRM}/", "/a/", f"{CRM}/a/"),
            (CRM, "/", f"{CRM}/"),
        ]:
            self.fake.set_config("zato.out.rest.plain.host", host)
            if path is not None:
                self.fake.set_config("zato.out.rest.plain.url-path", path)
            sent = self.asked(lambda it: it.out.rest["plain"].conn.get(it.cid))
            self.assertEqual(sent.url, url)

    def test_a_response_has_the_attributes_of_a_response_in_zato(self) -> None:
        answer = http.Response(404, headers=[("X-A", "1"), ("x-a", "2")], json={"why": "ü"})
        self.fake.route("GET", f"{CRM}/list*", answer)
        response = self.run_in_service(lambda it: it.out.rest["list"].conn.get(it.cid))
        self.assertEqual(response.status_code, 404)
        self.assertEqual((response.data, response.json()), ({"why": "ü"}, {"why": "ü"}))
        self.assertEqual(response.text, '{"why":"ü"}')
        self.assertEqual(response.content, '{"why":"ü"}'.encode())
        self.assertEqual(response.headers["X-A"], "1, 2")
        self.assertEqual(response.url, f"{CRM}/list?all=1")
        self.refused("404", lambda _: response.raise_for_status())
        self.refused("the response has: content, data, headers", lambda _: response.datas)

    def test_a_status_below_400_is_ok(self) -> None:
        for status, is_ok in [(204, True), (304, True), (399, True), (400, False), (503, False)]:
            self.fake.route("GET", f"{CRM}/list*", http.Response(status))
            response = self.run_in_service(lambda it: it.out.rest["list"].conn.get(it.cid))
            self.assertEqual((response.ok, response.data), (is_ok, ""), status)

    def test_a_body_that_is_not_json_has_a_text_and_no_data(self) -> None:
        self.fake.route("GET", f"{CRM}/list*", http.Response(body=b"<\xff>"))
        response = self.run_in_service(lambda it: it.out.rest["list"].conn.get(it.cid))
        self.assertEqual(response.text, "<\N{REPLACEMENT CHARACTER}>")
        self.refused(f"{CRM}/list (status 200): the body: ", lambda _: response.data)

    def test_an_unknown_connection_lists_the_available_ones(self) -> None:
        self.fake.set_config("other.host", "1")
        for expected, work in [
            ("no connection 'cmr' in self.out.rest; there are: crm, list; ", _unknown),
            ("write it in [zato.out.rest.NAME]", lambda it: it.out.rest["crm.host"]),
            ("self.out.rest has: get, keys, ['crm'], ['list']", lambda it: it.out.rest.crm),
            ("self.out.soap is not offered here; self.out has: rest", lambda it: it.out.soap),
            ("has: conn, name", lambda it: it.out.rest["crm"].get),
            ("self.out.rest['crm'].conn has: get, post, ", lambda it: it.out.rest["crm"].conn.ping),
            ("conn.get() got an unexpected", lambda it: it.out.rest["crm"].conn.get(it.cid, a=1)),
        ]:
            self.refused(expected, work)

    def test_connections_are_accessed_as_in_a_dict(self) -> None:
        rest = self.run_in_service(lambda it: it.out.rest)
        self.assertEqual(["crm" in rest, "cmr" in rest], [True, False])
        self.assertEqual(rest.keys(), ["crm", "list"])
        self.assertEqual([rest.get("crm").name, rest.get("cmr", 1)], ["crm", 1])
        with self.assertRaises(KeyError):
            rest["cmr"]

    def test_a_request_without_a_response_is_an_error_of_the_sdk(self) -> None:
        self.fake.route("GET", f"{CRM}/list*", "timeout")

        def caught(it: Any) -> str:
            try:
                it.out.rest["list"].conn.get(it.cid)
            except HttpError as error:
                return error.kind
            return "none"

        self.assertEqual(self.run_in_service(caught), "timeout")
        with self.assertRaises(Failure) as raised:
            self.run_in_service(lambda it: it.out.rest["list"].conn.get(it.cid))
        self.assertEqual(raised.exception.kind, "unavailable")

    def test_every_method_is_named_in_errors_as_the_author_writes_it(self) -> None:
        for method in ("get", "head", "post", "put", "patch", "delete", "options"):
            self.assertEqual(getattr(RestConn, method).__qualname__, f"conn.{method}")


def _unknown(service: Any) -> object:
    return service.out.rest["cmr"]


if __name__ == "__main__":
    unittest.main()
