import type { HeaderInput, HttpError, Request, RequestFields, Response } from "./index.js";

/**
 * A host for tests, in the test's own process.
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
 * - `cache`, `log`, `http` and `config` use the newest fake.
 * - The cache starts empty and evicts nothing. It limits keys and values as a host does by default.
 *   The fake never refuses a cache call as `denied` or `unavailable`.
 * - `cache.getOrSet` never waits for another call. `hold` simulates a call that computes the value.
 * - The clock starts with the time of the fake's creation. It moves only when the test advances it
 *   or a timer of a service fires. Services that the fake calls see this clock in `Date.now()`,
 *   `new Date()` and `performance.now()`, also after an `await`. A timer fires after its real delay
 *   and moves the clock forward to the timer's due time. The test and its runner see the real time.
 *   A service also sees the real time if it saved a function when its module was loaded, as in
 *   `const { now } = Date`. A loop that waits for a time must await a timer; otherwise the clock
 *   stands still and the loop never ends.
 * - Requests of `http`, and of `fetch` in services that the fake calls, go only to the routes that
 *   the test sets.
 * - Random numbers come from Node.
 */
export class Fake {
  /** Creates a host with the services that the plugin's module exports, or without services. */
  constructor(plugin?: object);

  /**
   * Sends `payload` as JSON to the service of that name, as a host does. Without a payload the
   * request has no body. If `payload` is a {@link Request}, sends this request, with `service` as
   * the service name.
   *
   * Rejects with the service's {@link Failure}, or with a `not-found` failure if there is no such
   * service. If the service throws any other value, that value is the `cause` of the failure. If an
   * HTTP request causes a failure with headers, returns the failure as a response.
   */
  call(service: string, payload?: unknown): Promise<Response>;

  /**
   * Sends a request to the service in `request.service`. Use this method for bodies that are not
   * JSON, and for HTTP requests.
   */
  callWith(request: Request | Partial<RequestFields>): Promise<Response>;

  /**
   * Routes requests of {@link Fake.http} to a service, by the host's rules:
   * `fake.serve("GET /orders/{id}", "order")`. A route without a method accepts any method; a route
   * for GET also accepts HEAD. Throws an Error if the route is invalid, if an earlier route matches
   * the same requests, or if there is no such service.
   */
  serve(route: string, service: string): void;

  /**
   * Sends an HTTP request to a service, through the routes of {@link Fake.serve}:
   *
   * ```js
   * fake.serve("POST /orders/{id}", "order");
   * const response = await fake.http("POST", "/orders/7?fast=1", { json: { count: 2 } });
   * assert.equal(response.status, 201);
   * assert.equal(response.header("location"), "/orders/7");
   * ```
   *
   * A failure becomes a response, as in a host: `application/problem+json` with members such as
   * `status`, `code` and `detail`. The status is 404 if no route matches the path, and 405 if the
   * matching routes are for other methods. The message of an `internal` or `unavailable` failure is
   * only in {@link Fake.logs}, because the client does not get it.
   */
  http(method: string, path: string, options?: FakeHttpOptions): Promise<Response>;

  /** Moves the clock forward. Entries expire accordingly. */
  advance(seconds: number): void;

  /** Returns the time that a service gets from `Date.now()`. */
  now(): number;

  /**
   * Simulates another call that computes the value of this key. `cache.getOrSet` then computes a
   * missing value without storing it, and does not refresh an old one. The simulation ends with
   * `letGo`, or with a call that sets, changes or removes the entry. `increment`, `expire`, `take`,
   * `compareAndSwapRaw` and the delete methods can end it even if they change nothing.
   */
  hold(key: string): void;

  /** Ends the effect of `hold`. */
  letGo(key: string): void;

  /**
   * Sets the response to requests with that method and URL. A URL that ends with `*` matches every
   * URL that begins with the text before the `*`. If several routes match, the fake uses the
   * newest.
   *
   * ```js
   * fake.route("GET", "https://api.example.com/*", Response.text("none", { status: 404 }));
   * fake.route("GET", "https://api.example.com/rates", Response.json({ USD: 1.1 }));
   * fake.route("POST", "https://pay.example.com/", new HttpError("timeout"));
   * fake.route("PUT", "https://api.example.com/*", ({ url, body }) => Response.bytes(body));
   * ```
   *
   * The fake follows redirects as a host does, but keeps headers that contain a secret, and accepts
   * a target with a user or a password. A request that matches no route rejects the call with an
   * AssertionError that lists the request and the routes, even if the service catches that error.
   * An error thrown by a reply function rejects the call too.
   */
  route(
    method: string,
    url: string,
    reply: Response | HttpError | ((request: SentRequest) => Response | HttpError),
  ): void;

  /** The requests that were sent so far, including those that follow redirects. */
  readonly requests: SentRequest[];

  /** The names and values of the plugin's settings and secrets. */
  settings: Record<string, string>;

  /** The lines logged so far, as `level: message`. */
  readonly logs: string[];

  /**
   * Counters of cache operations that were not refused. A call with several keys counts as one
   * operation per key. `deletes`, `swaps`, `takes` and `expires` count only operations that changed
   * or removed an entry. `sets` does not count operations that stored nothing.
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

/** Options of an HTTP request to a service. */
export interface FakeHttpOptions {
  /** The headers. A `content-type` overrides the one that `json` or `form` sets. */
  headers?: HeaderInput | undefined;
  /** A body to send as it is: a text, sent as UTF-8, or bytes. Sets no `content-type`. */
  body?: string | Uint8Array | undefined;
  /** A value for a JSON body. */
  json?: unknown;
  /** The fields of a form. An array of values becomes several fields. */
  form?: FormInput | undefined;
}

/** The fields of a form, by name or as pairs. */
export type FormInput =
  | Readonly<Record<string, FormValue | readonly FormValue[]>>
  | Iterable<readonly [name: string, value: FormValue]>;

export type FormValue = string | number | boolean;

/** A request that a service has sent. */
export interface SentRequest {
  readonly method: string;
  /** The URL as the host sends it, without a fragment. */
  readonly url: string;
  readonly headers: [name: string, value: Uint8Array][];
  /** The body, possibly empty. */
  readonly body: Uint8Array;
  /** The timeout in seconds, if one was set. */
  readonly timeout: number | undefined;
  /** The maximum number of redirects to follow. */
  readonly redirects: number;

  /**
   * Returns the header of that name; case does not matter. Several fields are joined with `, `
   * (`cookie` with `; `). Returns `undefined` if the header is missing or a field is not UTF-8.
   */
  header(name: string): string | undefined;
  /** Returns the body as text. */
  text(): string;
  /** Parses the body as JSON. */
  json<T = any>(): T;
}
