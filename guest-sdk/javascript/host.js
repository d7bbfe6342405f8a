// What stands behind the SDK: the host in a plugin, the newest fake in a test.
// Either has the functions of `wit/`, which throw an error with a `payload` of kind and message.

import { refused } from "./error.js";

function absent() {
  throw new Error(
    "there is no host while a module loads, and in a test none without a Fake: " +
      "use cache, log, http and config inside a service",
  );
}

/** The host. */
export let host = new Proxy({}, { get: () => absent });

/** Puts a host behind the SDK. */
export function connect(newHost) {
  host = newHost;
}

/**
 * A function of the host that not every component imports: a part of `what`, which is there if a
 * file of the service has the line `line`.
 */
export function hostFunction(name, what, line) {
  const found = host[name];
  if (found !== undefined) return found;
  throw new TypeError(
    `${what} is not in this component: the build puts in what the service's files name, so ` +
      `write \`${line}\` in one of them`,
  );
}

/** The result of a function of the host; its refusal is thrown as a CacheError. */
export function ask(name, ...values) {
  try {
    return host[name](...values);
  } catch (error) {
    throw refused(error);
  }
}
