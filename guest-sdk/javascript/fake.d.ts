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
 * - Its clock stands still until the test moves it. Random numbers are those of Node.
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

  /** The lines logged so far: level, colon, message. */
  readonly logs: string[];

  /** The calls of the cache that were not refused; `deletes` those that removed an entry. */
  readonly stats: { sets: number; hits: number; misses: number; exists: number; deletes: number };
}
