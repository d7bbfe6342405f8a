// Fetches a value from its source only when the cache has none.

import { Failure, cache, config, log, type Services } from "hostel-sdk";

async function cacheAside(): Promise<void> {
  log.info(await cache.getOrSet("no-such-key", fetchValue, { expiry: 120 }));
}
cacheAside.description = "Fetches a value from its source only when the cache has none.";

/** Fetches the value, a JSON string, from the URL in the setting `source-url`. */
async function fetchValue(): Promise<string> {
  log.info("Key not found, fetching from source ..");
  const response = await fetch(config.require("source-url"));
  if (!response.ok) throw Failure.unavailable(`the source responds with ${response.status}`);
  return response.json();
}

export default { cacheAside } satisfies Services;
