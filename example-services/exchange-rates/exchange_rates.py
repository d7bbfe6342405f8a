"""Converts amounts of money. Fetches the rates with an API key and caches them for a minute."""

from typing import TypedDict

from hostel_sdk import NotFound, cache, config, http, service

Conversion = TypedDict("Conversion", {"amount": float, "from": str, "to": str})


class Converted(TypedDict):
    amount: float
    currency: str


class Rates(TypedDict):
    base: str
    rates: dict[str, float]


@service
def convert(conversion: Conversion) -> Converted:
    """Converts an amount from one currency to another."""
    rates = cache.get_or_set("rates", fetch_rates, expiry=60, kind=Rates)
    rate_from, rate_to = rate_of(conversion["from"], rates), rate_of(conversion["to"], rates)
    amount = conversion["amount"] / rate_from * rate_to
    return {"amount": round(amount, 2), "currency": conversion["to"]}


def rate_of(currency: str, rates: Rates) -> float:
    if currency == rates["base"]:
        return 1.0
    if currency not in rates["rates"]:
        raise NotFound(f"the rate of {currency!r} is unknown")
    return rates["rates"][currency]


def fetch_rates() -> Rates:
    headers = {"x-api-key": config["api-key"]}
    return http.get(config["rates-url"], headers=headers).raise_for_status().json(Rates)
