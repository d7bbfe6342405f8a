// fetch and its classes for what a fake runs: those of a plugin, which ask the fake's routes. Only
// in a test.

import { endLoading } from "../runtime/clock.js";
import { sendFetches } from "../runtime/loop.js";
import { fetch } from "../web/fetch.js";
import { Headers } from "../web/headers.js";
import { Request, Response } from "../web/messages.js";

// A fetch is refused before that.
endLoading();

/** What stands in for Node's own where `isInFake`: the objects, their names, and what makes it. */
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
    // When nothing else can run, as in a plugin.
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
