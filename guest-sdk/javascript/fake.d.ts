import type { HeaderInput, HttpError, Request, RequestFields, Response } from "./index.js";

/**
 * A host for tests: what stands behind the SDK, in the test's own process.
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
 * - Requests of `http`, and of `fetch` in a service that {@link Fake.call} calls, go to the routes
 *   that the test sets, and nowhere else.
 * - Random numbers are those of Node.
 */
export class Fake {
  /** A host with the services that the module of a plugin exports, or with none. */
  constructor(plugin?: object);

  /**
   * Sends `payload` as JSON to the service of that name, the way a host does; without a payload
   * the request has no body. A {@link Request} is sent as it is.
   *
   * Rejects with the service's {@link Failure}: `not-found` without such a service, and one whose
   * `cause` is what was thrown when that was no failure.
   */
  call(service: string, payload?: unknown): Promise<Response>;

  /** Sends a request to the service that it names: for bodies that are no JSON, and for HTTP. */
  callWith(request: Request | Partial<RequestFields>): Promise<Response>;

  /**
   * Leads requests of {@link Fake.http} to a service, by the rules of the host's routes:
   * `fake.serve("GET /orders/{id}", "order")`. Without a method the route takes any; one of GET
   * takes HEAD too. Throws an Error when the route is invalid, and when there is no such service.
   */
  serve(route: string, service: string): void;

  /**
   * Sends a request by HTTP to the service that the routes of {@link Fake.serve} lead to:
   *
   * ```js
   * fake.serve("POST /orders/{id}", "order");
   * const response = await fake.http("POST", "/orders/7?fast=1", { json: { count: 2 } });
   * assert.equal(response.status, 201);
   * assert.equal(response.header("location"), "/orders/7");
   * ```
   *
   * A failure is a response here, as the host makes it: `application/problem+json` with `status`,
   * `code` and `detail`. So is a path without a route (404) or without that method (405). Of a
   * failure of kind `internal` or `unavailable` {@link Fake.logs} has the message, as the client
   * does not get it.
   */
  http(method: string, path: string, options?: FakeHttpOptions): Promise<Response>;

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

  /**
   * Adds a row to the servers elsewhere: what a request of this method and URL is answered with. A
   * URL ends with `*` where it stands for all that begin so. Of rows that match the newest counts.
   *
   * ```js
   * fake.route("GET", "https://api.example.com/rates", Response.json({ USD: 1.1 }));
   * fake.route("GET", "https://api.example.com/*", Response.text("none", { status: 404 }));
   * fake.route("POST", "https://pay.example.com/", new HttpError("timeout"));
   * fake.route("PUT", "https://api.example.com/*", ({ url, body }) => Response.bytes(body));
   * ```
   *
   * A `location` of a response with a status such as 302 is followed as the host does. A request
   * without a row fails the test: the call is then rejected with an AssertionError that names the
   * request and the rows, whatever the service does about it. So does what a function throws.
   */
  route(
    method: string,
    url: string,
    reply: Response | HttpError | ((request: SentRequest) => Response | HttpError),
  ): void;

  /** The requests that were sent so far, each redirect by itself. */
  readonly requests: SentRequest[];

  /** The names and values of the plugin's settings and secrets. */
  settings: Record<string, string>;

  /** The lines logged so far: level, colon, message. */
  readonly logs: string[];

  /**
   * The calls of the cache that were not refused. Of `deletes`, `swaps`, `takes` and `expires`
   * those that found an entry, or made one.
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

/** What a request by HTTP to a service may have beside its method and path. */
export interface FakeHttpOptions {
  /** `content-type` wins over that of `json` and `form`. */
  headers?: HeaderInput | undefined;
  /** A body as it is: a text in UTF-8 or bytes, without a type unless the headers name one. */
  body?: string | Uint8Array | undefined;
  /** A body of JSON, any value. */
  json?: unknown;
  /** A body of a form: names and values. An array of values becomes as many fields. */
  form?: FormInput | undefined;
}

/** The fields of a form by names, or as pairs. */
export type FormInput =
  | Readonly<Record<string, FormValue | readonly FormValue[]>>
  | Iterable<readonly [name: string, value: FormValue]>;

export type FormValue = string | number | boolean;

/** A request that a service has sent. */
export interface SentRequest {
  readonly method: string;
  /** As the host sends it, without a fragment. */
  readonly url: string;
  readonly headers: [name: string, value: Uint8Array][];
  /** Empty when there is none. */
  readonly body: Uint8Array;
  /** The seconds that it was given, if any. */
  readonly timeout: number | undefined;
  /** How many redirects were to be followed. */
  readonly redirects: number;

  /** The header of that name, in any case, all its fields joined by `, `. */
  header(name: string): string | undefined;
  /** The body as text. */
  text(): string;
  /** The body, read as JSON. */
  json<T = any>(): T;
}
