"""Fetches a value from its source only when the cache has none."""

from hostel_sdk import cache, config, http, logger, service


@service
def cache_aside() -> None:
    """Fetches a value from its source only when the cache has none."""
    logger.info(cache.get_or_set("no-such-key", fetch, expiry=120))


def fetch() -> str:
    """Fetches the value, a JSON string, from the URL in the setting `source-url`."""
    logger.info("Key not found, fetching from source ..")
    return http.get(config["source-url"]).raise_for_status().json(str)
