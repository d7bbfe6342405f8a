// Fetches a value from its source only when the cache has none.

import { Failure, Service, cache, config, http, log } from "hostel-sdk";

export class CacheAside extends Service {
  static description = "Fetches a value from its source only when the cache has none.";

  handle() {
    log.info(cache.getOrSet("no-such-key", fetchValue, { expiry: 120 }));
  }
}

/** Fetches the value, a JSON string, from the URL in the setting `source-url`. */
function fetchValue() {
  log.info("Key not found, fetching from source ..");
  const response = http.get(config.require("source-url"));
  if (!response.ok) throw Failure.unavailable(`the source responds with ${response.status}`);
  return response.json();
}
