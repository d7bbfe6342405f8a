"""Tests of the fake's clock as services see it."""

import asyncio
import calendar
import datetime
import importlib
import os
import sys
import tempfile
import time
import unittest
import unittest.mock
from collections.abc import Callable
from datetime import date, timedelta, timezone
from datetime import datetime as renamed
from pathlib import Path
from time import monotonic, sleep
from time import time as renamed_time
from typing import Any

from hostel_sdk import cache, service
from hostel_sdk.fake import Fake

REAL = (time.time, time.sleep, monotonic, renamed_time, renamed, date, datetime.datetime)

DAY = 86_400.0


class ClockTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()
        # A zone far from UTC, so that local time differs from UTC.
        self.addCleanup(time.tzset)
        zone = unittest.mock.patch.dict(os.environ, TZ="XYZ-9")
        zone.start()
        self.addCleanup(zone.stop)
        time.tzset()
        self.addCleanup(
            lambda: self.assertEqual(
                REAL,
                (time.time, time.sleep, monotonic, renamed_time, renamed, date, datetime.datetime),
            )
        )

    def in_service(self, work: Callable[[], Any]) -> Any:
        """Calls a function in a service and returns its result."""
        results = []

        @service
        def works() -> None:
            results.append(work())

        self.fake.call(works)
        return results[0]

    def test_every_function_that_returns_the_time_uses_the_clock_of_the_fake(self) -> None:
        utc = timezone.utc
        ways: list[Callable[[], float]] = [
            lambda: time.time(),
            lambda: renamed_time(),
            lambda: time.time_ns() / 1e9,
            lambda: time.monotonic(),
            lambda: monotonic(),
            lambda: time.monotonic_ns() / 1e9,
            lambda: time.perf_counter(),
            lambda: time.perf_counter_ns() / 1e9,
            lambda: time.mktime(time.localtime()),
            lambda: calendar.timegm(time.gmtime()),
            lambda: time.mktime(time.strptime(time.ctime())),
            lambda: time.mktime(time.strptime(time.asctime())),
            lambda: time.mktime(time.strptime(time.strftime("%c"), "%c")),
            lambda: datetime.datetime.now().timestamp(),
            lambda: datetime.datetime.now(utc).timestamp(),
            lambda: renamed.now(tz=utc).timestamp(),
            lambda: renamed.today().timestamp(),
            lambda: renamed.utcnow().replace(tzinfo=utc).timestamp(),
            lambda: date.today().toordinal() * DAY,
            lambda: datetime.date.today().toordinal() * DAY,
        ]
        for number, way in enumerate(ways):
            with self.subTest(number):
                first, again = self.in_service(way), self.in_service(way)
                self.assertEqual(first, again)
                self.fake.advance(timedelta(days=400))
                self.assertAlmostEqual(self.in_service(way) - first, 400 * DAY, delta=1.001)

    def test_all_clocks_agree(self) -> None:
        def shown() -> list[float]:
            local = renamed.fromisoformat(time.strftime("%Y-%m-%dT%H:%M:%S")).timestamp()
            utc = calendar.timegm(renamed.utcnow().timetuple())
            zoned = renamed.now(timezone.utc).timestamp()
            seconds = [time.mktime(time.localtime()), calendar.timegm(time.gmtime())]
            return [time.time(), zoned, renamed.now().timestamp(), local, utc, *seconds]

        before, self_told = time.time(), self.fake.time()
        times = self.in_service(shown)
        self.assertEqual(times[0], self_told)
        for each in times:
            self.assertAlmostEqual(each, self_told, delta=1.001)
        self.assertAlmostEqual(self_told, before, delta=60)

    def test_a_sleep_moves_the_clock_and_takes_no_time(self) -> None:
        cache.set("k", 1, expiry=3_600)

        def sleeps() -> tuple[float, bool, bool]:
            began = monotonic()
            sleep(3_599)
            there = cache.exists("k")
            time.sleep(1)
            return monotonic() - began, there, cache.exists("k")

        slept, there, still = self.in_service(sleeps)
        self.assertAlmostEqual(slept, 3_600)
        self.assertEqual((there, still), (True, False))
        with self.assertRaisesRegex(Exception, "non-negative"):
            self.in_service(lambda: time.sleep(-1))

    def test_async_code_waits_on_the_clock_of_the_fake(self) -> None:
        seen: list[float] = []

        @service
        async def waits() -> None:
            began = time.time()
            await asyncio.gather(asyncio.sleep(3_600), asyncio.sleep(0.001), asyncio.sleep(1e-9))
            seen.append(time.time() - began)

        self.fake.call(waits)
        self.assertAlmostEqual(seen[0], 3_600, places=3)

    def test_a_replaced_class_returns_instances_of_datetime(self) -> None:
        def made() -> list[Any]:
            values = [
                renamed(2030, 1, 2),
                renamed.now(),
                renamed.fromtimestamp(0),
                renamed.strptime("2030", "%Y"),
                renamed.combine(date(2030, 1, 2), datetime.time()),
                renamed.fromisoformat("2030-01-02"),
                renamed.now() + timedelta(1),
                renamed.min,
            ]
            self.assertTrue(all(isinstance(value, renamed) for value in values))
            self.assertTrue(all(isinstance(value, datetime.date) for value in values))
            self.assertTrue(issubclass(renamed, date) and issubclass(type(values[0]), renamed))
            self.assertNotIsInstance(date(2030, 1, 2), renamed)
            return [*values, date(2030, 1, 2), date.today()]

        *times, day, today = self.in_service(made)
        self.assertEqual({type(value) for value in times}, {datetime.datetime})
        self.assertEqual({type(day), type(today)}, {datetime.date})

    def test_the_test_itself_sees_the_real_time(self) -> None:
        self.fake.advance(400 * DAY)
        self.assertLess(abs(time.time() - renamed.now().timestamp()), 60)
        self.assertGreater(self.fake.time() - time.time(), 399 * DAY)
        for error in (ValueError, KeyboardInterrupt):

            def raises(error: type[BaseException] = error) -> None:
                raise error

            with self.assertRaises(BaseException):
                self.in_service(raises)
            self.assertLess(abs(time.time() - renamed.now().timestamp()), 60)

    def test_a_nested_call_ends_and_the_outer_call_continues(self) -> None:
        def nested() -> tuple[float, float]:
            first = time.time()
            self.in_service(lambda: time.sleep(5))
            return first, time.time()

        first, second = self.in_service(nested)
        self.assertAlmostEqual(second - first, 5)

    def test_a_module_that_a_service_imports_has_the_real_time_afterwards(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            text = "from time import time\nfrom datetime import datetime\nAT = time\n"
            Path(folder, "imported_late.py").write_text(text + "def now(at=time): return at()\n")
            sys.path.insert(0, folder)
            self.addCleanup(sys.path.remove, folder)
            self.addCleanup(sys.modules.pop, "imported_late", None)
            self.fake.advance(DAY)
            late = self.in_service(lambda: importlib.import_module("imported_late"))
        self.assertEqual((late.time, late.AT), (time.time, time.time))
        self.assertIs(late.datetime, datetime.datetime)
        # A standard library module that the service imported has the real classes afterwards too.
        with unittest.mock.patch.dict(sys.modules):
            sys.modules.pop("_strptime", None)
            self.in_service(lambda: renamed.strptime("2030", "%Y"))
            self.assertIs(sys.modules["_strptime"].datetime_date, date)
        # The default argument of `now` is still the replacement, which returns the real time
        # outside a service.
        self.assertLess(abs(late.now() - time.time()), 60)
        self.assertEqual(self.in_service(late.now), self.fake.time())
