import type { Request, RequestFields, Response } from "./index.js";

/**
 * A host for tests: the cache and the log of a plugin, in the test's own process.
 *
 * ```js
 * import assert from "node:assert/strict";
 * import { Fake } from "hostel-sdk/fake";
 * import { cache } from "hostel-sdk";
 * import * as plugin from "./sessions.js";
 *
 * const fake = new Fake(plugin);
 * await fake.call("open-session", { token: "abc123" });
 * assert.equal(cache.exists("session"), true);
 *
 * fake.advance(60);
 * assert.equal(cache.exists("session"), false);
 * ```
 *
 * - The newest fake is the one that `cache` and `log` talk to.
 * - Its cache starts empty and keeps a host's default limits; `denied` and `unavailable` never
 *   happen, and nothing is ever evicted.
 * - `cache.getOrSet` computes what is missing and never waits, unless the test holds the key.
 * - Its clock begins at the time at which the fake was made, and stands still until the test moves
 *   it.
 *   A service that {@link Fake.call} calls sees the same clock in `Date.now()`, `new Date()` and
 *   `performance.now()`, also after an `await`. A timer of the service fires after its real time,
 *   and moves the clock by it. The test and its runner see the real time. So does a service that
 *   kept a function when its module was loaded, as in `const { now } = Date`. A loop that waits
 *   for some time without a timer does not end.
 * - Random numbers are those of Node.
 */
export class Fake {
  /** A host with the services that the module of a plugin exports, or with none. */
  constructor(plugin?: object);

  /**
   * Sends `payload` as JSON to the service of that name, the way a host does; without a payload
   * the request has no body.
   *
   * Rejects with the service's {@link Failure}: `not-found` without such a service, and one whose
   * `cause` is what was thrown when that was no failure.
   */
  call(service: string, payload?: unknown): Promise<Response>;

  /** Sends a request to the service that it names: for bodies that are no JSON, and for HTTP. */
  callWith(request: Request | Partial<RequestFields>): Promise<Response>;

  /** Moves the clock forward. Entries whose expiry has then passed are gone. */
  advance(seconds: number): void;

  /** What `Date.now()` returns to a service now. */
  now(): number;

  /**
   * From now on another call computes the value of this key, as `cache.getOrSet` sees it: while the
   * key has no value, the service computes its own and does not store it, and an old value is not
   * renewed. It ends with `letGo`, or when the key is set or deleted.
   */
  hold(key: string): void;

  /** Ends what `hold` began. */
  letGo(key: string): void;

  /** The lines logged so far: level, colon, message. */
  readonly logs: string[];

  /**
   * The calls of the cache that were not refused. Of `deletes`, `swaps`, `takes` and `expires` those
   * that found an entry, or made one.
   */
  readonly stats: {
    sets: number;
    hits: number;
    misses: number;
    exists: number;
    deletes: number;
    increments: number;
    swaps: number;
    takes: number;
    expires: number;
  };
}
