"""Tests of outgoing requests against the routes of a fake."""

import asyncio
import unittest
from datetime import timedelta
from typing import Any

from hostel_sdk import Failure, HttpError, host, http, service
from hostel_sdk.fake import Fake, UnexpectedRequest
from hostel_sdk.outgoing import milliseconds

URL = "https://api.example.com/latest?key=secret"
KINDS = ("invalid-request", "denied", "unreachable", "timeout", "too-large", "aborted")


@service
def asks(url: str) -> Any:
    return http.get(url).raise_for_status().json()


@service
def hides(url: str) -> str:
    try:
        http.get(url)
    except Exception:
        return "hidden"
    except BaseException:
        return "hidden by all means"
    return "?"


@service
async def gathers(urls: list[str]) -> list[str]:
    responses = await asyncio.gather(*map(http.async_get, urls))
    return [response.text() for response in responses]


class HttpTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def refused(self, also: type, message: str, call: Any) -> None:
        with self.assertRaises(HttpError) as raised:
            call()
        error = raised.exception
        self.assertEqual((error.kind, error.message), ("invalid-request", message))
        self.assertIsInstance(error, also)

    def test_each_function_sends_the_method_of_its_name(self) -> None:
        for method in ("GET", "HEAD", "OPTIONS", "DELETE", "POST", "PUT", "PATCH"):
            self.fake.route(method, URL, http.Response(text=method))
            self.assertEqual(getattr(http, method.lower())(URL).text(), method)
            result = asyncio.run(getattr(http, f"async_{method.lower()}")(URL))
            self.assertEqual(result.text(), method)
        self.fake.route("PURGE", URL, http.Response(204))
        self.assertEqual(http.send(http.Request("PURGE", URL)).status, 204)

    def test_a_body_is_a_json_value_or_a_text_or_bytes(self) -> None:
        self.fake.route("POST", "*", http.Response())
        typed = [("content-type", b"application/json")]
        for options, body, headers in [
            ({"json": {"a": "ä"}}, b'{"a":"\xc3\xa4"}', typed),
            ({"json": None}, b"null", typed),
            ({"json": 1, "headers": {"Content-Type": "a/b"}}, b"1", [("Content-Type", b"a/b")]),
            ({"body": "ä"}, b"\xc3\xa4", []),
            ({"body": b"\xff"}, b"\xff", []),
            ({}, b"", []),
            ({"headers": [("a", "1"), ("A", b"\xff")]}, b"", [("a", b"1"), ("A", b"\xff")]),
        ]:
            http.post(URL, **options)  # type: ignore[arg-type]
            sent = self.fake.requests[-1]
            self.assertEqual((sent.body, sent.headers), (body, headers), options)
        self.assertEqual((sent.header("a"), sent.header("none")), (None, None))
        self.assertEqual(http.Request("GET", URL, headers=[("a", "1"), ("A", "2")]).header("A"), "1, 2")

    def test_a_timeout_is_seconds_or_a_timedelta_and_five_redirects_are_followed(self) -> None:
        self.fake.route("GET", "*", http.Response())
        for timeout, seconds in [(None, None), (2, 2), (0.25, 0.25), (timedelta(minutes=1), 60)]:
            http.get(URL, timeout=timeout)
            self.assertEqual(self.fake.requests[-1].timeout, seconds)
        longest = http.Request("GET", URL, timeout=float("inf")).timeout
        for seconds, millis in [(None, None), (0, 0), (0.0001, 1), (longest, 4_294_967_295)]:
            self.assertEqual(milliseconds(seconds), millis)
        http.get(URL)
        self.assertEqual(self.fake.requests[-1].redirects, 5)
        http.get(URL, redirects=0)
        self.assertEqual(self.fake.requests[-1].redirects, 0)

    def test_a_wrong_argument_is_named_with_its_value_and_the_rule(self) -> None:
        def check(also: type, message: str, **options: Any) -> None:
            self.refused(also, message, lambda: http.post(**{"url": URL, **options}))

        rule = "it must be a str, like 'https://example.com/'"
        check(TypeError, f"a url of 5: {rule}", url=5)
        rule = "they must be a dict of names and values, or pairs of them"
        check(TypeError, f"headers of a str: {rule}", headers="a")
        rule = "it must be letters, digits and hyphens"
        check(ValueError, f"a header's name of 'a b': {rule}", headers={"a b": "c"})
        rule = "contains a line break or a NUL, which HTTP does not allow"
        for value in ("secret\n", "\r", b"\0"):
            check(ValueError, f"the value of the header 'a' {rule}", headers={"a": value})
        message = "the value of the header 'a' is of type int: it must be a str or bytes"
        check(TypeError, message, headers={"a": 1})
        message = "one of headers is a str: it must be a pair, (name, value)"
        check(TypeError, message, headers=["ab"])
        message = "a body of {}: it must be a str or bytes; json takes any value"
        check(TypeError, message, body={})
        message = "json and body are both given: a request can have only one of them"
        check(ValueError, message, json=1, body="a")
        for timeout in (-1, float("nan")):
            message = f"a timeout of {timeout}: it must be 0 seconds or more"
            check(ValueError, message, timeout=timeout)
        message = "a timeout of '1': it must be 0 seconds or more, as a number or a timedelta"
        check(TypeError, message, timeout="1")
        for redirects, also in ((256, ValueError), (-1, ValueError), (True, TypeError)):
            rule = "they must be an integer from 0 to 255"
            check(also, f"redirects of {redirects}: {rule}", redirects=redirects)
        rule = "it must be a method of HTTP, like 'GET'"
        self.refused(ValueError, f"a method of 'G T': {rule}", lambda: http.Request("G T", URL))
        message = "a request of 'a': it must be an http.Request"
        self.refused(TypeError, message, lambda: http.send_many(["a"]))  # type: ignore[list-item]
        with self.assertRaisesRegex(HttpError, "the body has no JSON form: .*set") as raised:
            http.post(URL, json={1})
        self.assertIsInstance(raised.exception, TypeError)
        self.assertEqual(self.fake.requests, [])

    def test_a_response_is_read_as_text_and_json(self) -> None:
        headers: list[tuple[str, str | bytes]]
        headers = [("X-Left", "3"), ("set-cookie", "a"), ("bad", b"\xff"), ("set-cookie", "b")]
        headers += [("vary", "a"), ("Vary", "b"), ("bad", "c")]
        self.fake.route("GET", URL, http.Response(json=[1], headers=headers))
        response = http.get(URL)
        self.assertEqual((response.status, response.url, response.ok), (200, URL, True))
        self.assertEqual((response.text(), response.json()), ("[1]", [1]))
        self.assertEqual(response.json(list[int]), [1])
        self.assertEqual(response.header("x-left"), "3")
        self.assertEqual(response.header("Content-Type"), "application/json")
        self.assertEqual((response.header("Vary"), response.header("no")), ("a, b", None))
        self.assertEqual(response.header_values("Set-Cookie"), ["a", "b"])
        self.assertEqual((response.header("bad"), response.header_values("bad")), (None, ["c"]))
        self.assertEqual(response.headers[0], ("x-left", b"3"))
        where = r"https://api.example.com/latest \(status 200\): the body: "
        with self.assertRaisesRegex(Failure, where) as raised:
            response.json(str)
        self.assertEqual(raised.exception.kind, "internal")
        self.fake.route("GET", URL, http.Response(body=b"\xff"))
        for read in (http.get(URL).text, http.get(URL).json):
            with self.assertRaisesRegex(Failure, "^https://api.example.com/latest[ :].*the body: "):
                read()

    def test_raise_for_status_raises_for_a_status_of_400_or_more(self) -> None:
        for status, kind in [
            *((200, None), (299, None), (300, None), (399, None), (400, "internal")),
            *((404, "internal"), (429, "unavailable"), (499, "internal"), (500, "unavailable")),
        ]:
            response = http.Response(status, url=URL)
            self.assertEqual(response.ok, status < 300)
            if not kind:
                self.assertIs(response.raise_for_status(), response)
                continue
            message = f"https://api.example.com/latest responded with status {status}"
            with self.assertRaisesRegex(Failure, f"^{message}$") as raised:
                response.raise_for_status()
            self.assertEqual(raised.exception.kind, kind)

    def test_an_unhandled_error_becomes_a_failure_by_its_kind(self) -> None:
        for kind in KINDS:
            self.fake.route("GET", URL, kind)  # type: ignore[arg-type]
            with self.assertRaises(HttpError) as raised:
                http.get(URL)
            self.assertEqual(raised.exception.kind, kind)
            with self.assertRaises(Failure) as failed:
                self.fake.call(asks, URL)
            is_later = kind in ("unreachable", "timeout", "aborted")
            self.assertEqual(failed.exception.kind, "unavailable" if is_later else "internal")
            message = f"https://api.example.com/latest: the fake returns {kind}"
            self.assertEqual(failed.exception.message, f"hostel_sdk.HttpError: {message}")

    def test_results_are_in_the_order_of_the_requests(self) -> None:
        error = HttpError("denied", "no")
        self.fake.route("GET", "https://a/*", lambda it: http.Response(text=it.url))
        self.fake.route("GET", "https://a/2", error)
        first, second, third = http.send_many(
            http.Request("GET", f"https://a/{number}") for number in (1, 2, 3)
        )
        assert isinstance(first, http.Response) and isinstance(third, http.Response)
        self.assertEqual((first.text(), third.text()), ("https://a/1", "https://a/3"))
        self.assertIs(second, error)
        self.assertEqual(http.send_many([]), [])

    def test_an_unknown_function_lists_the_available_ones(self) -> None:
        with self.assertRaisesRegex(AttributeError, "http.fetch is not offered; http has: .*get,"):
            http.fetch(URL)  # type: ignore[attr-defined]
        with self.assertRaisesRegex(TypeError, "'param'"):
            http.get(URL, param=1)  # type: ignore[call-arg]


class AtOnceTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()
        self.fake.route("GET", "https://a/*", lambda it: http.Response(text=it.url[-1]))
        self.sent: list[int] = []
        send_many = host.http_send_many

        def counted(requests: list[http.Request]) -> list[Any]:
            self.sent.append(len(requests))
            return send_many(requests)

        host.http_send_many = counted

    def run_service(self, work: Any) -> Any:
        return self.fake.call(service(work)).value()

    def test_waiting_requests_are_sent_concurrently_when_nothing_else_can_run(self) -> None:
        urls = ["https://a/1", "https://a/2", "https://a/3"]
        self.assertEqual(self.fake.call(gathers, urls).value(), ["1", "2", "3"])
        self.assertEqual(self.sent, [3])

        async def deep() -> list[str]:
            async def two(number: int) -> str:
                await asyncio.sleep(0)
                first = await http.async_get(f"https://a/{number}")
                second = await http.async_send(http.Request("GET", "https://a/9"))
                return first.text() + second.text()

            return await asyncio.gather(two(1), two(2))

        self.sent.clear()
        self.assertEqual(self.run_service(deep), ["19", "29"])
        self.assertEqual(self.sent, [2, 2])

    def test_a_request_waits_for_tasks_that_can_run(self) -> None:
        async def after(turns: int) -> str:
            for _ in range(turns):
                await asyncio.sleep(0)
            return (await http.async_get(f"https://a/{turns}")).text()

        async def work() -> list[str]:
            return await asyncio.gather(after(0), after(1), after(5))

        self.assertEqual(self.run_service(work), ["0", "1", "5"])
        self.assertEqual(self.sent, [3])

    def test_a_request_does_not_wait_for_a_timer(self) -> None:
        async def both() -> list[str]:
            order: list[str] = []

            async def timer() -> None:
                await asyncio.sleep(0.01)
                order.append("timer")

            async def request() -> None:
                order.append((await http.async_get("https://a/1")).text())

            await asyncio.gather(timer(), request())
            return order

        self.assertEqual(self.run_service(both), ["1", "timer"])

    def test_an_error_is_raised_in_the_task_of_its_request(self) -> None:
        self.fake.route("GET", "https://a/2", "timeout")

        async def caught() -> list[str]:
            urls = ["https://a/1", "https://a/2"]
            results = await asyncio.gather(*map(http.async_get, urls), return_exceptions=True)
            return [it.kind if isinstance(it, HttpError) else "none" for it in results]

        self.assertEqual(self.run_service(caught), ["none", "timeout"])
        self.assertEqual(self.sent, [2])

    def test_the_request_of_a_cancelled_task_is_not_sent(self) -> None:
        async def cancels() -> str:
            task = asyncio.create_task(http.async_get("https://a/1"))
            await asyncio.sleep(0)
            task.cancel()
            return (await http.async_get("https://a/2")).text()

        self.assertEqual(self.run_service(cancels), "2")
        self.assertEqual([it.url for it in self.fake.requests], ["https://a/2"])

    def test_an_error_of_the_host_reaches_all_waiting_tasks(self) -> None:
        def fails(_: list[http.Request]) -> list[Any]:
            raise RuntimeError("no host")

        host.http_send_many = fails
        with self.assertRaisesRegex(Failure, "RuntimeError: no host"):
            self.fake.call(gathers, ["https://a/1", "https://a/2"])

    def test_another_loop_sends_immediately(self) -> None:
        self.assertEqual(asyncio.run(http.async_get("https://a/1")).text(), "1")
        self.assertEqual(self.sent, [])


class RoutesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def test_a_request_that_matches_no_route_fails_the_test_with_the_routes(self) -> None:
        message = f"GET {URL} matches no route of the fake; there are: "
        with self.assertRaises(UnexpectedRequest) as raised:
            http.get(URL)
        self.assertEqual(str(raised.exception), message + "none")
        self.fake.route("POST", URL, http.Response())
        self.fake.route("GET", "https://b/*", http.Response())
        message += f"POST {URL}, GET https://b/*"
        for call in (
            lambda: http.get(URL),
            lambda: http.send_many([http.Request("GET", URL)]),
            lambda: self.fake.call(asks, URL),
            lambda: self.fake.call(hides, URL),
            lambda: self.fake.call(gathers, ["https://b/1", URL]),
        ):
            with self.assertRaises(UnexpectedRequest) as raised:
                call()
            self.assertEqual(str(raised.exception), message)
        self.assertNotIsInstance(raised.exception, Exception)
        self.assertEqual(self.fake.logs, [])

    def test_a_failed_assertion_of_a_route_fails_the_test(self) -> None:
        def asserts(request: http.Request) -> http.Response:
            raise AssertionError(request.url)

        self.fake.route("GET", URL, asserts)
        with self.assertRaisesRegex(AssertionError, "latest"):
            self.fake.call(hides, URL)
        self.fake.route("GET", URL, http.Response())
        self.assertEqual(self.fake.call(hides, URL).value(), "?")

    def test_the_newest_matching_route_is_used(self) -> None:
        self.fake.route("GET", URL, http.Response(text="old"))
        self.fake.route("GET", "*", http.Response(text="new"))
        self.assertEqual(http.get(URL).text(), "new")
        self.assertEqual([(it.method, it.url) for it in self.fake.requests], [("GET", URL)])

    def test_an_invalid_response_is_refused_when_the_route_is_set(self) -> None:
        for answer in ("teapot", None, {"a": 1}):
            with self.assertRaisesRegex(TypeError, "the response of the route GET a is "):
                self.fake.route("GET", "a", answer)  # type: ignore[arg-type]

    def test_redirects_are_followed_up_to_their_number(self) -> None:
        def to(url: str, status: int) -> http.Response:
            return http.Response(status, headers={"location": url})

        self.fake.route("POST", "https://a/1", to("/2", 303))
        self.fake.route("GET", "https://a/2", to("https://b/3", 307))
        self.fake.route("GET", "https://b/3", http.Response(text="end"))
        headers = {"authorization": "b", "x-a": "c"}
        response = http.post("https://a/1", json=1, headers=headers)
        self.assertEqual((response.text(), response.url), ("end", "https://b/3"))
        sent = [(it.method, it.body, [name for name, _ in it.headers]) for it in self.fake.requests]
        self.assertEqual(
            sent,
            [
                ("POST", b"1", ["authorization", "x-a", "content-type"]),
                ("GET", b"", ["authorization", "x-a"]),
                ("GET", b"", ["x-a"]),
            ],
        )
        for status in (301, 302, 307, 308):
            for method in ("POST", "PUT"):
                self.fake.route(method, "https://a/4", to("https://a/5#part", status))
                for then in ("GET", method):
                    self.fake.route(then, "https://a/5", http.Response(text=then, url="https://c"))
                response = http.send(http.Request(method, "https://a/4"))
                then = "GET" if method == "POST" and status < 303 else method
                self.assertEqual((response.text(), response.url), (then, "https://c"))
        self.assertEqual(http.get("https://a/2", redirects=0).status, 307)
        with self.assertRaises(HttpError) as raised:
            http.post("https://a/1", redirects=1)
        self.assertEqual(raised.exception.kind, "aborted")
        self.assertEqual(raised.exception.message, "https://a/2: it redirects more than 1 times")


if __name__ == "__main__":
    unittest.main()
