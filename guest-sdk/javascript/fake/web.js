// `fetch` and its classes for services on a fake: the same implementation as in plugins, but the
// fake's routes respond to the requests. Used only in tests.

import { endLoading } from "../runtime/clock.js";
import { sendFetches } from "../runtime/loop.js";
import { fetch } from "../web/fetch.js";
import { Headers } from "../web/headers.js";
import { Request, Response } from "../web/messages.js";

// `fetch` is refused while a module loads, so mark the loading as finished.
endLoading();

/**
 * Returns the replacements of Node's `fetch` and its classes, in the form that `clock.js` uses. If
 * `isInFake()` returns false, the replacements pass calls on to Node's originals.
 */
export function webStandIns(isInFake) {
  const classOf = (Own) => (Real) => {
    const present = () => (isInFake() ? Own : Real);
    const isOne = (value) => value instanceof Own || value instanceof Real;
    const standIn = new Proxy(function () {}, {
      construct: (_, given, made) =>
        Reflect.construct(present(), given, made === standIn ? present() : made),
      get: (_, name) => (name === Symbol.hasInstance ? isOne : Reflect.get(present(), name)),
    });
    return standIn;
  };
  const fetched = (real) => (...given) => {
    if (!isInFake()) return real(...given);
    // Send after the promise reactions that can run now, similar to a plugin.
    setImmediate(() => sendFetches()?.());
    return fetch(...given);
  };
  return [
    [globalThis, "fetch", fetched],
    [globalThis, "Headers", classOf(Headers)],
    [globalThis, "Request", classOf(Request)],
    [globalThis, "Response", classOf(Response)],
  ];
}
