import type { HeaderInput, HeaderValue, Headers } from "./response.js";

/**
 * Write a service for a Hostel host in JavaScript or TypeScript: a shared JSON cache with expiry,
 * a log, requests and responses, requests to servers elsewhere, and settings.
 *
 * A module says which services it has by its exports: each class that extends {@link Service},
 * and what its default export lists by name, functions or such classes. Anything else that it
 * exports is its own. A service named by an identifier gets hyphens between its words (`PlaceOrder`
 * is `place-order`); any other name stays as it is.
 *
 * ```js
 * import { Failure, Service, cache, log } from "hostel-sdk";
 *
 * export class Greet extends Service {
 *   static description = "Greets, and remembers whom for a minute.";
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
 *   throw Failure.notFound("nobody was greeted in the last minute");
 * }
 *
 * export default { "greeted.last": lastGreeted };
 * ```
 *
 * The module is loaded once, when it is built, and every instance starts from there. So while it
 * loads there is no cache, no log, no `http`, no setting, no timer and no randomness, and the time
 * is that of the build. A service may be `async`, and wait for timers and for `fetch`. It has
 * responded when its promise settles; timers and fetches that are left are dropped, which the log
 * is told.
 *
 * Beside the language itself there are `fetch` with `Request`, `Response` and `Headers`, which are
 * the web's, not those of this module; `console`, which logs, `URL`, `URLSearchParams`,
 * `AbortController`, `AbortSignal`, `Event`, `EventTarget`, timers, `structuredClone`,
 * `TextEncoder`, `TextDecoder` (UTF-8, UTF-16, windows-1252), `btoa`, `atob`, `performance`,
 * `queueMicrotask`, and `crypto` with `getRandomValues`, `randomUUID`, and digests and HMAC in
 * `subtle`. No locale has data: asking for one is an error.
 *
 * `fetch` reaches what {@link http} does. Its requests go out when nothing else of the call can
 * run, all that wait at the same time: `await Promise.all([fetch(a), fetch(b)])`. While they are
 * out, no timer fires; `AbortSignal.timeout` ends the request itself, and any other abort is seen
 * when the responses are there. Bodies are whole: there are no streams, `body` is always null, and
 * `text`, `json`, `bytes` and `arrayBuffer` read one. Without a response the promise is rejected
 * with a TypeError whose `cause` is the {@link HttpError}.
 *
 * That is so on QuickJS. With `"hostel": { "engine": "spidermonkey" }` in the service's
 * `package.json` there is most of what a browser has without a page, and the same `fetch`; the
 * component is larger and slower, and a rejected promise that nothing handles is not told.
 */

/** A service, as a class. Every request is handled by an object of its own. */
export abstract class Service {
  /** One line for a person. A function has it too: `greet.description = "..."`. */
  static description?: string;

  /**
   * Handles one request.
   *
   * Answers a {@link Response} as it is, nothing (`undefined`) as an empty one of status 204, and
   * any other value as JSON. What is thrown becomes a failure: a {@link Failure} as it is, a cache
   * or a server that is not there at present as `unavailable`, and anything else as `internal`,
   * which is logged with the places in the service's own files.
   */
  abstract handle(request: Request): unknown;
}

/** A service, as a function; its `description` is one line for a person. */
export interface Handler {
  (request: Request): unknown;
  description?: string;
}

/** What a default export may be: `export default { greet } satisfies Services`. */
export type Services = Record<string, Handler | (new () => Service)>;

export * from "./cache.js";
export * from "./http.js";
export * from "./response.js";

/**
 * The plugin's log lines; the host adds the plugin, the service and the request to each.
 *
 * A text is logged as it is, an Error with the places in the service's own files, anything else
 * much as JSON; several values with spaces between. Never fails: the host escapes control
 * characters, cuts what is too long, and says so.
 */
export const log: {
  /** For whoever looks for a fault. */
  debug(...values: unknown[]): void;
  /** What happens in the ordinary course. */
  info(...values: unknown[]): void;
  /** What is odd and was coped with. */
  warn(...values: unknown[]): void;
  /** What failed. */
  error(...values: unknown[]): void;
};

/** One request to one service. A test makes one with the fields that it needs. */
export class Request {
  constructor(fields?: Partial<RequestFields>);
  /** The service's name within the plugin. */
  readonly service: string;
  /** The correlation id, the one that the host's log lines carry. */
  readonly id: string;
  /** The media type of the body, when the caller named one. */
  readonly contentType: string | undefined;
  /** Empty when there is none. */
  readonly body: Uint8Array;
  /** Absent when the request did not come by HTTP. */
  readonly http: HttpRequest | undefined;

  /**
   * The header of that name, in any case: all its fields as one text, joined by `, ` (`cookie` by
   * `; `). `undefined` without one, when a field is not UTF-8, and when the request did not come by
   * HTTP, which is so for the readers below too.
   */
  header(name: string): string | undefined;

  /** The fields of that name one by one, in any case, without those that are not UTF-8. */
  headerValues(name: string): string[];

  /**
   * The client's IP address, without its port: `192.0.2.1`, or `2001:db8::1`. Behind a proxy it is
   * the address of the client only if the host's configuration names that proxy in
   * `server.trusted-proxies`.
   */
  clientAddress(): string | undefined;

  /** The first decoded value of that name in the query. `page` of `?page=7&page=8` is `"7"`. */
  query(name: string): string | undefined;

  /** All decoded values of that name in the query, in order. */
  queryValues(name: string): string[];

  /**
   * The first value of that name in the query as an integer. Throws a `bad-request` when it is no
   * integer, or one beyond 2^53 - 1.
   */
  queryInteger(name: string): number | undefined;

  /** The decoded parameter of that name in the route's path, `id` of `/orders/{id}` for example. */
  pathParam(name: string): string | undefined;

  /**
   * The same as an integer. Throws a `bad-request` when it is no integer, or one beyond 2^53 - 1,
   * and an `internal` when the route has no such parameter.
   */
  pathInteger(name: string): number;

  /**
   * The first cookie of that name, without double quotes around it. Escapes (`%20`) are not
   * decoded.
   */
  cookie(name: string): string | undefined;

  /**
   * The first value of that name in a body of the type `application/x-www-form-urlencoded`. Throws
   * a `bad-request` for a body of another type; an empty body without a type has no fields.
   */
  form(name: string): string | undefined;

  /** All values of that name in such a body, in order. Throws as `form` does. */
  formValues(name: string): string[];

  /** The body as text. Throws a `bad-request` when it is not UTF-8. */
  text(): string;

  /**
   * The body, read as JSON, whatever media type the caller named; `undefined` when it is empty.
   * Nothing checks that it is a `T`.
   *
   * Throws a `bad-request` when it is no JSON, or a number in it does not fit without rounding.
   */
  json<T = unknown>(): T | undefined;

  /**
   * What a schema makes of the body, of any library that offers
   * [Standard Schema](https://standardschema.dev), as zod, valibot and arktype do:
   * `const { name } = request.json(z.object({ name: z.string() }))`
   *
   * Throws a `bad-request` as above, when the schema does not accept the body, with the places in
   * it, and when the body is empty, unless the schema accepts `undefined`. Throws a TypeError when
   * the schema validates asynchronously.
   */
  json<T>(schema: StandardSchema<T>): T;
}

/** A schema by Standard Schema, version 1. `T` is what it makes of a value. */
export interface StandardSchema<T> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

/** What a schema returns: a value, or why it does not accept it. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** Why a schema does not accept a value, and where in it. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a request is made of. */
export interface RequestFields {
  service: string;
  id: string;
  contentType: string | undefined;
  body: Uint8Array;
  http: HttpFields | undefined;
}

/** What a request by HTTP is made of. A test gives what it needs. */
export interface HttpFields extends Partial<Omit<HttpRequest, "headers">> {
  readonly headers?: HeaderInput;
}

/** What only a request that came by HTTP has. */
export interface HttpRequest {
  /** As sent, `GET` for example. */
  readonly method: string;
  /** As sent, still percent-encoded, without the query. */
  readonly path: string;
  /** The decoded parameters of the route's path, name and value, in the route's order. */
  readonly pathParams: [name: string, value: string][];
  /** As sent, without the `?`; empty when there is none. */
  readonly query: string;
  /** Host and port as the client named them; empty when it named none. */
  readonly authority: string;
  /**
   * The address and port of the client, `192.0.2.1:4711` or `[2001:db8::1]:4711`.
   * {@link Request.clientAddress} returns the address alone.
   */
  readonly client: string;
  /** In the order they were sent, names in lower case. */
  readonly headers: Headers;
}

/** The kinds of failure that a service may answer, with the status that each has over HTTP. */
export type FailureKind =
  /** The request is malformed; the same request will fail again. 400. */
  | "bad-request"
  /** The caller is not known. 401. */
  | "unauthorized"
  /** The caller is known and may not. 403. */
  | "forbidden"
  /** What the request names is not there. 404. */
  | "not-found"
  /** The service does not do this with that method. 405. */
  | "method-not-allowed"
  /** The request does not fit the present state. 409. */
  | "conflict"
  /** The caller asks too often. 429. */
  | "too-many-requests"
  /** The service has a fault. 500. */
  | "internal"
  /** Something that the service needs is not there at present. 503. */
  | "unavailable";

/** A request that a service did not fulfil: `throw Failure.notFound("no order 7")`. */
export class Failure extends Error {
  /** A failure of any kind. Throws a TypeError when there is no such kind. */
  constructor(kind: FailureKind, message: string, options?: ErrorOptions);
  /** What a caller can act upon. */
  readonly kind: FailureKind;
  /** The headers of the response, if there are any. */
  readonly headers?: [name: string, value: string | Uint8Array][];

  /**
   * Adds a header to this failure, and returns it:
   * `throw Failure.tooManyRequests("at most 100 calls a minute").withHeader("Retry-After", 60)`
   *
   * The response to a request by HTTP has it, with the failure as its body, of the type
   * `application/problem+json`. The message of `internal` and `unavailable` goes to the log, not to
   * the client. Without HTTP the headers are dropped. Throws a TypeError when the value is of
   * another type; a header that HTTP cannot carry makes the failure one of kind `internal`.
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
