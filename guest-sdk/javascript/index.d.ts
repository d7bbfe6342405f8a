import type { HeaderInput, HeaderValue, Headers } from "./response.js";

/**
 * The JavaScript and TypeScript SDK for Hostel services: a shared JSON cache with expiry, logging,
 * requests and responses, HTTP requests to other servers, and settings.
 *
 * The exports of a module define its services: each class that extends {@link Service}, and the
 * functions and classes that its default export lists by name. Other exports are ignored. The name
 * of a service is its exported name in lower case with hyphens between words (`PlaceOrder` becomes
 * `place-order`). A name is unchanged if it does not begin with an ASCII letter, or if it contains
 * characters other than ASCII letters, digits and underscores.
 *
 * ```js
 * import { Failure, Service, cache, log } from "hostel-sdk";
 *
 * export class Greet extends Service {
 *   static description = "Greets, and stores the name for a minute.";
 *
 *   handle(request) {
 *     const { name } = request.json() ?? {};
 *     cache.set("greeted", name, { expiry: 60 });
 *     log.info("greeted", name);
 *     return `Hello, ${name}!`;
 *   }
 * }
 *
 * function lastGreeted() {
 *   return cache.get("greeted") ?? fail();
 * }
 *
 * function fail() {
 *   throw Failure.notFound("no greeting in the last minute");
 * }
 *
 * export default { "greeted.last": lastGreeted };
 * ```
 *
 * The module is loaded once, during the build, and every instance starts from that state. So while
 * it loads there is no cache, log, `http`, setting, timer or randomness, and the clock shows the
 * time of the build. A service may be `async` and wait for timers and for `fetch`. The call ends
 * when the service's promise settles. The SDK then drops the remaining timers and the fetches that
 * are not sent yet, and logs a warning; about timers, only once in each instance.
 *
 * Global names in addition to JavaScript's own: `fetch` with the web's `Request`, `Response` and
 * `Headers` (not this module's classes), `console` (which logs), `URL`, `URLSearchParams`,
 * `AbortController`, `AbortSignal`, `Event`, `CustomEvent`, `EventTarget`, `DOMException`, timers,
 * `structuredClone`, `TextEncoder`, `TextDecoder` (UTF-8, UTF-16, windows-1252), `btoa`, `atob`,
 * `performance`, `queueMicrotask`, `CryptoKey`, and `crypto` with `getRandomValues`, `randomUUID`,
 * and digests and HMAC in `subtle`. There is no locale data: a method such as `toLocaleString`
 * throws a RangeError for a locale or options. Only `toLocaleLowerCase` and `toLocaleUpperCase`
 * accept a locale, unless the locale has its own case rules.
 *
 * `fetch` can access the same servers as {@link http}. All waiting requests are sent concurrently
 * as soon as no other code of the call can run: `await Promise.all([fetch(a), fetch(b)])`. No timer
 * fires until all responses have arrived. `AbortSignal.timeout` limits the request itself. Any
 * other abort takes effect before the requests are sent, or after all responses have arrived.
 *
 * The promise of an aborted request is rejected with the signal's reason. If the host returns an
 * error, the promise is rejected with a TypeError whose `cause` is an {@link HttpError}. Bodies are
 * complete: there are no streams, `body` is always null, and `text`, `json`, `bytes` and
 * `arrayBuffer` read the body.
 *
 * The above describes QuickJS, the default engine. With `"hostel": { "engine": "spidermonkey" }` in
 * the service's `package.json`, most browser functions that need no page are available; `fetch` is
 * the same. The component is larger and slower, and unhandled rejections are not logged.
 */

/** The base class of services. The SDK creates a new object of the class for each request. */
export abstract class Service {
  /** A description of one line. For a function, set `greet.description = "..."`. */
  static description?: string;

  /**
   * Handles one request.
   *
   * A returned {@link Response} is the response. `undefined` is sent as an empty response with
   * status 204, and any other value as JSON. A thrown {@link Failure} is the failure of the call.
   * An error that an unavailable cache or server causes becomes the failure `unavailable`. Any
   * other thrown value becomes `internal`. The SDK logs every thrown value that is not a Failure,
   * with the part of its stack trace that is in the service's files.
   */
  abstract handle(request: Request): unknown;
}

/** A service as a function. Its optional `description` is one line. */
export interface Handler {
  (request: Request): unknown;
  description?: string;
}

/** The type of a default export: `export default { greet } satisfies Services`. */
export type Services = Record<string, Handler | (new () => Service)>;

export * from "./cache.js";
export * from "./http.js";
export * from "./response.js";

/**
 * Logging. The host adds the plugin, the service and the request id to each line.
 *
 * A string is logged without quotes, an Error with the part of its stack trace that is in the
 * service's files, and any other value in a form similar to JSON. Spaces separate several values.
 * No text makes logging in a service fail: the host escapes control characters, and truncates and
 * marks a line that is too long.
 */
export const log: {
  /** Logs details for debugging. */
  debug(...values: unknown[]): void;
  /** Logs an ordinary event. */
  info(...values: unknown[]): void;
  /** Logs an unexpected event that the service handled. */
  warn(...values: unknown[]): void;
  /** Logs an error that makes an operation fail. */
  error(...values: unknown[]): void;
};

/** One request to one service. Tests create a request with the fields that they need. */
export class Request {
  constructor(fields?: Partial<RequestFields>);
  /** The service's name within the plugin. */
  readonly service: string;
  /** The correlation id, as in the host's log lines. */
  readonly id: string;
  /**
   * The media type of the body; `undefined` if the caller sent no media type, or one that is not
   * ASCII.
   */
  readonly contentType: string | undefined;
  /** The body, possibly empty. */
  readonly body: Uint8Array;
  /** The HTTP request; `undefined` for a call that is not made over HTTP. */
  readonly http: HttpRequest | undefined;

  /**
   * Returns the header of that name; case does not matter. Several fields are joined with `, `
   * (`cookie` with `; `). Returns `undefined` if the header is missing, if a field is not UTF-8, or
   * if the call is not made over HTTP. Such a call has no query, path parameters or cookies either.
   */
  header(name: string): string | undefined;

  /** Returns the value of each header field of that name. Omits values that are not UTF-8. */
  headerValues(name: string): string[];

  /**
   * Returns the client's IP address without the port, for example `192.0.2.1` or `2001:db8::1`.
   * Behind a proxy, this is the client's address only if the host's configuration lists the proxy
   * in `server.trusted-proxies`. Returns `undefined` if the call is not made over HTTP.
   */
  clientAddress(): string | undefined;

  /**
   * Returns the decoded value of the first query parameter of that name, or `undefined` if it is
   * missing. For `?page=7&page=8`, the value of `page` is `"7"`.
   */
  query(name: string): string | undefined;

  /** Returns the decoded values of all query parameters of that name, in order. */
  queryValues(name: string): string[];

  /**
   * Returns the first query parameter of that name as an integer, or `undefined` if it is missing.
   * Throws a `bad-request` failure if it is not an integer from -(2^53 - 1) to 2^53 - 1.
   */
  queryInteger(name: string): number | undefined;

  /**
   * Returns the decoded path parameter of that name, for example `id` of the route `/orders/{id}`.
   * Returns `undefined` if the route has no such parameter.
   */
  pathParam(name: string): string | undefined;

  /**
   * Returns the path parameter of that name as an integer. Throws a `bad-request` failure if it is
   * not an integer from -(2^53 - 1) to 2^53 - 1, and an `internal` failure if the route has no such
   * parameter.
   */
  pathInteger(name: string): number;

  /**
   * Returns the value of the first cookie of that name, without surrounding double quotes, or
   * `undefined` if it is missing. Escapes (`%20`) are not decoded.
   */
  cookie(name: string): string | undefined;

  /**
   * Returns the decoded value of the first form field of that name, or `undefined` if it is
   * missing. Throws a `bad-request` failure if the content type is not
   * `application/x-www-form-urlencoded`. An empty body without a content type is an empty form.
   */
  form(name: string): string | undefined;

  /**
   * Returns the decoded values of all form fields of that name, in order. Throws as `form` does.
   */
  formValues(name: string): string[];

  /** Returns the body as text. Throws a `bad-request` failure if it is not UTF-8. */
  text(): string;

  /**
   * Parses the body as JSON, whatever its media type. Returns `undefined` for an empty body. The
   * type `T` is not checked.
   *
   * Throws a `bad-request` failure if the body is not JSON, if an integer would be rounded, or if a
   * number is too large.
   */
  json<T = unknown>(): T | undefined;

  /**
   * Validates the body with a schema of any library that implements [Standard
   * Schema](https://standardschema.dev), such as zod, valibot or arktype, and returns the result:
   * `const { name } = request.json(z.object({ name: z.string() }))`
   *
   * Throws the failures of `json()`. Also throws a `bad-request` failure if the schema does not
   * accept the body; unless the body is empty, the message contains the schema's first issues and
   * their places. The schema gets `undefined` for an empty body. Throws a TypeError if the schema
   * is invalid or validates asynchronously.
   */
  json<T>(schema: StandardSchema<T>): T;
}

/** A schema that implements Standard Schema, version 1. `T` is the type of the result. */
export interface StandardSchema<T> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

/** The result of a schema: a value, or the issues. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** Why a schema does not accept a value, and the invalid place in the value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The fields of a request. */
export interface RequestFields {
  service: string;
  id: string;
  contentType: string | undefined;
  body: Uint8Array;
  http: HttpFields | undefined;
}

/** The fields of an HTTP request. Tests pass the fields that they need. */
export interface HttpFields extends Partial<Omit<HttpRequest, "headers">> {
  readonly headers?: HeaderInput;
}

/** The HTTP part of a request. */
export interface HttpRequest {
  /** The method as sent, for example `GET`. */
  readonly method: string;
  /** The path as sent, still percent-encoded, without the query. */
  readonly path: string;
  /** The names and decoded values of the route's path parameters, in the order of the route. */
  readonly pathParams: [name: string, value: string][];
  /** The query as sent, without the `?`, possibly empty. */
  readonly query: string;
  /** The host, and the port if any, that the client sent. Empty if it sent none. */
  readonly authority: string;
  /**
   * The address and port of the client, for example `192.0.2.1:4711` or `[2001:db8::1]:4711`.
   * {@link Request.clientAddress} returns only the address.
   */
  readonly client: string;
  /** The headers, with names in lower case. Fields of the same name are in the received order. */
  readonly headers: Headers;
}

/** The kinds of failure that a service may throw, each with its HTTP status. */
export type FailureKind =
  /** The request is malformed; the same request will fail again. 400. */
  | "bad-request"
  /** The caller is not authenticated. 401. */
  | "unauthorized"
  /** The caller is authenticated but has no permission. 403. */
  | "forbidden"
  /** The requested resource does not exist. 404. */
  | "not-found"
  /** The service does not support that method. 405. */
  | "method-not-allowed"
  /** The request conflicts with the current state. 409. */
  | "conflict"
  /** The caller sends too many requests. 429. */
  | "too-many-requests"
  /** The service has a fault. 500. */
  | "internal"
  /** A dependency of the service is temporarily unavailable. 503. */
  | "unavailable";

/** The failure of a request: `throw Failure.notFound("no order 7")`. */
export class Failure extends Error {
  /** Creates a failure of the given kind. Throws a TypeError for an unknown kind. */
  constructor(kind: FailureKind, message: string, options?: ErrorOptions);
  /** The kind of failure, which determines the HTTP status. */
  readonly kind: FailureKind;
  /** The headers of the response, if there are any. */
  readonly headers?: [name: string, value: string | Uint8Array][];

  /**
   * Adds a header to this failure and returns the failure: `throw Failure.tooManyRequests("at most
   * 100 calls a minute").withHeader("Retry-After", 60)`
   *
   * Over HTTP, the response has these headers and the failure as an `application/problem+json`
   * body. The message of `internal` and `unavailable` is only logged. For calls that are not made
   * over HTTP, the headers are dropped. Throws a TypeError if `value` has an unsupported type. A
   * header that HTTP does not allow, or that only the server may set, turns the failure into
   * `internal`.
   */
  withHeader(name: string, value: HeaderValue | readonly HeaderValue[]): this;

  static badRequest(message: string): Failure;
  static unauthorized(message: string): Failure;
  static forbidden(message: string): Failure;
  static notFound(message: string): Failure;
  static methodNotAllowed(message: string): Failure;
  static conflict(message: string): Failure;
  static tooManyRequests(message: string): Failure;
  static internal(message: string): Failure;
  static unavailable(message: string): Failure;
}
