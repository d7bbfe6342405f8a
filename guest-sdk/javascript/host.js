// The SDK's interface to the host: the real host in a plugin, the newest fake in a test. The real
// host has the functions of the WIT interfaces that the component imports, a fake the functions of
// all interfaces. A function that fails throws an error whose `payload` has a kind and a message.

import { refused } from "./error.js";

function absent() {
  throw new Error(
    "no host is connected: use cache, log, http and config inside a service, not while its " +
      "module loads; in a test, first create a Fake",
  );
}

/** The host's functions, by name. Until `connect` is called, each of them throws an Error. */
export let host = new Proxy({}, { get: () => absent });

/** Sets the host that the SDK uses. */
export function connect(newHost) {
  host = newHost;
}

/**
 * Returns a host function that not every component imports. Throws a TypeError if the component
 * does not import the function. The message asks the author to write `line`, so that the build adds
 * `what`.
 */
export function hostFunction(name, what, line) {
  const found = host[name];
  if (found !== undefined) return found;
  throw new TypeError(
    `${what} is not in this component: the build includes only what the service's ` +
      `files name: write \`${line}\` in one of them`,
  );
}

/** Calls a host function and returns its result. Converts an error of the host to a CacheError. */
export function ask(name, ...values) {
  try {
    return host[name](...values);
  } catch (error) {
    throw refused(error);
  }
}
