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
 *     const { name } = request.json();
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

/** Names and values of headers, in order; one name may occur more than once. */
export type Headers = [name: string, value: Uint8Array][];

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

  /** The body as text. Throws a `bad-request` when it is not UTF-8. */
  text(): string;

  /**
   * The body, read as JSON, whatever media type the caller named; `undefined` when it is empty.
   * Nothing checks that it is a `T`.
   *
   * Throws a `bad-request` when it is no JSON, or a number in it does not fit without rounding.
   */
  json<T = any>(): T;
}

/** What a request is made of. */
export interface RequestFields {
  service: string;
  id: string;
  contentType: string | undefined;
  body: Uint8Array;
  http: Partial<HttpFields> | undefined;
}

/** What only a request that came by HTTP has. */
export interface HttpFields {
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
  /** The address of the client, `ip:port`. */
  readonly client: string;
  /** In the order they were sent, names in lower case. */
  readonly headers: Headers;
}

/** The part of a request that came by HTTP. */
export interface HttpRequest extends HttpFields {}
export class HttpRequest {
  constructor(fields: Partial<HttpFields>);

  /**
   * The first header of that name, in any case. `undefined` also when its value is not UTF-8; the
   * bytes, and further headers of the name, are in `headers`.
   */
  header(name: string): string | undefined;

  /** The decoded parameter of that name in the route's path, `id` of `/orders/{id}` for example. */
  pathParam(name: string): string | undefined;
}

/** What a response may be given beside its body. */
export interface ResponseOptions {
  /** A status code of HTTP, 200 to 599. */
  status?: number;
  /** The media type of the body. Wins over a header of that name. */
  contentType?: string;
  /** Put in lower case. */
  headers?:
    | Record<string, string | Uint8Array>
    | Iterable<[name: string, value: string | Uint8Array]>;
}

/**
 * A service's answer. Most services return any other value instead, which becomes `Response.json`.
 *
 * `Response.text("made", { status: 201, headers: { location: "/orders/7" } })`
 */
export class Response {
  /** Status 200 unless the options say otherwise. Throws when a part is not what it must be. */
  constructor(body?: Uint8Array, options?: ResponseOptions);

  /** `value` as `application/json`. Throws as `cache.set` does when it has no JSON form. */
  static json(value: unknown, options?: ResponseOptions): Response;

  /** A plain text. */
  static text(text: string, options?: ResponseOptions): Response;

  /** Bytes of no particular type, unless the options name one. */
  static bytes(body: Uint8Array, options?: ResponseOptions): Response;

  /** Status 204 and no body: what a service that returns nothing answers. */
  static empty(options?: ResponseOptions): Response;

  status: number;
  contentType: string | undefined;
  headers: Headers;
  body: Uint8Array;

  /** The body as text, for tests. */
  text(): string;

  /** The body, read as JSON, for tests; `undefined` when it is empty. */
  json<T = any>(): T;
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
