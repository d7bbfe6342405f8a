// What stands behind the cache and the log: the host in a plugin, the newest fake in a test.
// Either has the functions of `wit/`, which throw an error with a `payload` of kind and message.

import { refused } from "./error.js";

function absent() {
  throw new Error(
    "there is no cache and no log while a module loads, and in a test none without a Fake: " +
      "use them inside a service",
  );
}

/** The host. */
export let host = new Proxy({}, { get: () => absent });

/** Puts a host behind the SDK. */
export function connect(newHost) {
  host = newHost;
}

/** The result of a function of the host; its refusal is thrown as a CacheError. */
export function ask(name, ...values) {
  try {
    return host[name](...values);
  } catch (error) {
    throw refused(error);
  }
}
