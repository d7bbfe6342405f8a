"""Tests that ``async`` handlers run to completion within the call, on a loop without I/O."""

import asyncio
import functools
import unittest
from collections.abc import AsyncIterator
from typing import Any

from hostel_sdk import Failure, Service, cache, service
from hostel_sdk.fake import Fake
from hostel_sdk.loop import Loop
from hostel_sdk.service import DeclarationError, Declared
from zato.server.service import Service as ZatoService

seen: list[str] = []


async def later(value: Any) -> Any:
    await asyncio.sleep(0.001)
    return value


@service
async def gathers(number: int) -> list[int]:
    """Gathers."""
    seen.clear()
    await asyncio.gather(later(1), later(2))
    cache.set("number", number)
    return [await later(number), *await asyncio.gather(later(1), later(2))]


class Counts(Service):
    async def handle(self, last: int) -> list[int]:
        return [number async for number in self._numbers(last)]

    async def _numbers(self, last: int) -> AsyncIterator[int]:
        for number in range(last):
            yield await later(number)


class Zato(ZatoService):
    async def handle(self) -> None:
        self.response.payload.name = await later(self.request.input.name)


def unchanged(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*arguments: Any) -> Any:
        return function(*arguments)

    return wrapper


@service
@unchanged
async def wrapped() -> int:
    return await later(7)  # type: ignore[no-any-return]


@service
async def leaves_a_task() -> str:
    async def endless() -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            seen.append("cancelled")

    seen.append(str(asyncio.create_task(endless()).done()))
    return await later("left")  # type: ignore[no-any-return]


@service
async def fails() -> None:
    await later(1)
    raise ValueError("no")


@service
async def never() -> None:
    lock = asyncio.Lock()
    async with lock, lock:
        pass


@service
async def reaches(what: str) -> None:
    if what == "thread":
        await asyncio.to_thread(print)
    if what == "network":
        await asyncio.open_connection("localhost", 80)
    if what == "process":
        await asyncio.create_subprocess_exec("true")


@service
async def gives_up() -> str:
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.01)
    except (TimeoutError, asyncio.TimeoutError):
        return "too late"
    return "?"


@service
async def yields() -> AsyncIterator[int]:
    yield 1


class Async(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()
        seen.clear()

    def test_a_handler_of_any_form_runs_to_its_end(self) -> None:
        for handler, payload, expected in [
            (gathers, 3, [3, 1, 2]),
            (Counts, 3, [0, 1, 2]),
            (Zato, {"name": "Ada"}, {"name": "Ada"}),
            (wrapped, None, 7),
            (gives_up, None, "too late"),
        ]:
            with self.subTest(handler):
                self.assertEqual(self.fake.call(handler, payload).value(), expected)

    def test_an_unfinished_task_is_cancelled(self) -> None:
        self.assertEqual(self.fake.call(leaves_a_task).value(), "left")
        self.assertEqual(seen, ["False", "cancelled"])

    def test_an_error_is_the_services_own(self) -> None:
        with self.assertRaisesRegex(Failure, "ValueError: no"):
            self.fake.call(fails)

    def test_waiting_for_an_event_that_cannot_occur_is_an_error_with_its_place(self) -> None:
        where = never.__code__.co_firstlineno + 3
        with self.assertRaisesRegex(Failure, rf"cannot occur .*test_async.py:{where}\)"):
            self.fake.call(never)

    def test_an_unavailable_function_is_an_error_that_names_its_requirement(self) -> None:
        for what in ["thread", "network", "process"]:
            with self.assertRaisesRegex(Failure, f"needs a {what}.*, which a service does not have"):
                self.fake.call(reaches, what)

    def test_a_handler_that_yields_is_refused(self) -> None:
        with self.assertRaisesRegex(DeclarationError, "yields: it must return"):
            Declared(yields)

    def test_a_loop_that_the_service_creates_sleeps_until_its_timers(self) -> None:
        loop = Loop()
        self.addCleanup(loop.close)
        self.assertEqual(loop.run_until_complete(later(1)), 1)


if __name__ == "__main__":
    unittest.main()
