"""Runs the examples that send HTTP requests, on the fake."""

import importlib.util
import unittest
from pathlib import Path
from typing import Any

from hostel_sdk import Failure, cache, http
from hostel_sdk.fake import Fake

EXAMPLES = Path(__file__).parents[3] / "example-services"
URL = "https://source.example.com/value"


def example(file: str) -> Any:
    """Imports the module of an example."""
    path = EXAMPLES / file
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class CacheAside(unittest.TestCase):
    def setUp(self) -> None:
        self.service = example("cache-aside/cache_aside.py").cache_aside
        self.fake = Fake()
        self.fake.set_config("source-url", URL)
        self.fake.route("GET", URL, http.Response(json="value-from-source"))

    def test_one_request_is_sent_to_the_source_in_two_minutes(self) -> None:
        fetching = "info: Key not found, fetching from source .."
        value = "info: value-from-source"
        self.fake.call(self.service)
        self.fake.advance(119)
        self.fake.call(self.service)
        self.assertEqual(self.fake.logs, [fetching, value, value])
        self.fake.advance(1)
        self.fake.call(self.service)
        self.assertEqual(self.fake.logs[3:], [fetching, value])
        self.assertEqual(len(self.fake.requests), 2)

    def test_the_response_of_a_failing_source_is_not_cached(self) -> None:
        self.fake.route("GET", URL, http.Response(503))
        with self.assertRaises(Failure) as raised:
            self.fake.call(self.service)
        self.assertEqual(raised.exception.kind, "unavailable")
        self.assertFalse(cache.exists("no-such-key"))


class ExchangeRates(unittest.TestCase):
    def setUp(self) -> None:
        self.service = example("exchange-rates/exchange_rates.py").convert
        self.fake = Fake()
        self.fake.set_config("rates-url", URL)
        self.fake.set_config("api-key", "topsecret")
        rates = {"base": "EUR", "rates": {"USD": 1.1}}
        self.fake.route("GET", URL, http.Response(json=rates))

    def convert(self, amount: object, source: str, target: str) -> Any:
        asked = {"amount": amount, "from": source, "to": target}
        return self.fake.call(self.service, asked).value()

    def test_amounts_are_converted_with_rates_that_are_fetched_once_a_minute(self) -> None:
        self.assertEqual(self.convert(100, "EUR", "USD"), {"amount": 110.0, "currency": "USD"})
        self.assertEqual(self.convert(110.0, "USD", "EUR"), {"amount": 100.0, "currency": "EUR"})
        self.assertEqual([each.header("X-API-Key") for each in self.fake.requests], ["topsecret"])
        self.fake.advance(60)
        self.convert(1, "EUR", "EUR")
        self.assertEqual(len(self.fake.requests), 2)

    def test_an_unknown_currency_is_not_found_and_an_invalid_amount_is_a_bad_request(self) -> None:
        for amount, currency, kind in [(1, "XYZ", "not-found"), ("1", "EUR", "bad-request")]:
            with self.assertRaises(Failure) as raised:
                self.convert(amount, "EUR", currency)
            self.assertEqual(raised.exception.kind, kind)


if __name__ == "__main__":
    unittest.main()
