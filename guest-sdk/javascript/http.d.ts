// The types of `http` and `config`; `index.d.ts` has them too.

/**
 * Requests to servers elsewhere.
 *
 * ```js
 * import { config, http } from "hostel-sdk";
 *
 * const rates = http.get("https://api.example.com/rates", {
 *   headers: { "x-api-key": config.require("api-key") },
 *   timeout: 2,
 * });
 * if (!rates.ok) throw Failure.unavailable(`the rates answer with ${rates.status}`);
 * return rates.json();
 * ```
 *
 * - A service reaches the servers that the host's configuration names for its plugin, and no other:
 *   `[plugins.NAME.http] allow = ["https://api.example.com"]`, or `hostel run --allow-http URL`.
 * - Each method waits for the whole response. A status of 400 or more is a response: look at `ok`.
 * - Without a response an {@link HttpError} is thrown. A service that does not catch it is
 *   `unavailable` where the kind is `unreachable`, `timeout` or `aborted`, and `internal`
 *   otherwise.
 * - A TypeError or a RangeError is thrown before anything is sent when an argument is not what it
 *   must be.
 * - `sendMany`, and `fetch` with `Promise.all`, send several requests at once.
 * - It is built into a component when a file of the service names it, so that the component's
 *   imports show what it can do.
 */
export interface Http {
  get(url: HttpUrl, options?: HttpOptions): HttpResponse;
  head(url: HttpUrl, options?: HttpOptions): HttpResponse;
  options(url: HttpUrl, options?: HttpOptions): HttpResponse;
  /** `http.post("https://api.example.com/orders", { json: { id: 7 } })` */
  post(url: HttpUrl, options?: HttpOptions): HttpResponse;
  put(url: HttpUrl, options?: HttpOptions): HttpResponse;
  patch(url: HttpUrl, options?: HttpOptions): HttpResponse;
  delete(url: HttpUrl, options?: HttpOptions): HttpResponse;

  /** Sends a request of any method. */
  send(request: HttpSend): HttpResponse;

  /**
   * Sends requests at the same time, and waits for all. The results are in their order: each is a
   * response, or an error, which is not thrown.
   *
   * ```js
   * for (const result of http.sendMany([{ url: one }, { url: other }])) {
   *   if (result instanceof HttpError) log.warn("no answer:", result);
   * }
   * ```
   */
  sendMany(requests: Iterable<HttpSend>): (HttpResponse | HttpError)[];
}

/** A URL of http or https as a text, or a URL object. */
export type HttpUrl = string | { readonly href: string };

/** What a request may have beside its method and URL. */
export interface HttpOptions {
  /** The body, any value that JSON has. Sets `content-type: application/json` unless given. */
  json?: unknown;
  /** The body, a text in UTF-8 or bytes, in the place of `json`. Sets no `content-type`. */
  body?: string | Uint8Array | undefined;
  /**
   * Names and values. `host`, `content-length` and what else is of the connection is made by the
   * host.
   */
  headers?:
    | Readonly<Record<string, string | Uint8Array>>
    | Iterable<readonly [name: string, value: string | Uint8Array]>
    | undefined;
  /**
   * The most seconds that it may take, redirects included. By default, and at most, nearly all of
   * the time that the call has left.
   */
  timeout?: number | undefined;
  /** How many redirects are followed: 5 unless given. With 0 a redirect is a response. */
  redirects?: number | undefined;
}

/** A request for `send` and `sendMany`. */
export interface HttpSend extends HttpOptions {
  /** `GET` unless given. */
  method?: string | undefined;
  url: HttpUrl;
}

/** What a server answered, whatever its status. */
export class HttpResponse {
  private constructor();
  readonly status: number;
  /** The URL that answered: the last one where redirects were followed. */
  readonly url: string;
  /** In the order they came, names in lower case; one name may occur more than once. */
  readonly headers: [name: string, value: Uint8Array][];
  /** Whole, and as it was sent: what is compressed stays so. */
  readonly body: Uint8Array;

  /** Whether the status is 200 to 299. */
  get ok(): boolean;

  /**
   * The header of that name, in any case: all its fields as one text, joined by `, `. `undefined`
   * without one, and when a field is not UTF-8. Cookies are read by `headerValues`: the fields of
   * `set-cookie` have commas of their own, so joined they mean nothing.
   */
  header(name: string): string | undefined;

  /** The fields of that name one by one, in any case, without those that are not UTF-8. */
  headerValues(name: string): string[];

  /** The body as text. Throws a TypeError when it is not UTF-8. */
  text(): string;

  /**
   * The body, read as JSON, whatever its media type. Nothing checks that it is a `T`.
   *
   * Throws a SyntaxError when it is no JSON, and a RangeError when a number in it does not fit
   * without rounding; `text` has it all the same.
   */
  json<T = any>(): T;
}

/** Why there is no response. */
export type HttpErrorKind =
  /** The request is no request of HTTP, or one that a plugin cannot make. */
  | "invalid-request"
  /** The plugin may not reach this address, or may not send more requests in this call. */
  | "denied"
  /** No connection to the server. Nothing of the request was sent. */
  | "unreachable"
  /** The time is over. The server may have done what it was asked for. */
  | "timeout"
  /** The response is larger than the host allows. */
  | "too-large"
  /** The connection ended before the response was whole. The server may have done it. */
  | "aborted";

/** A request without a response. The message is the host's; it has no query of a URL in it. */
export class HttpError extends Error {
  constructor(kind: HttpErrorKind, message?: string);
  /** What a program can act upon. */
  readonly kind: HttpErrorKind;
}

/** Requests to servers elsewhere. */
export const http: Http;

/**
 * The plugin's settings and secrets, `[plugins.NAME.config]` and `[plugins.NAME.secrets]` of the
 * host's configuration, or `hostel run --config NAME=VALUE` and `--secret NAME=env:VARIABLE`.
 *
 * All are texts. They do not change while a version of the plugin is loaded. They are there inside
 * a service, not while its module loads: that is when it is built.
 */
export interface Config {
  /** The value of that name; without one `undefined`, or `fallback` if it is given. */
  get(name: string): string | undefined;
  get<T>(name: string, fallback: T): string | T;

  /** The value of that name. Without one an Error is thrown that says where to write it. */
  require(name: string): string;

  /** The names of all settings and secrets, sorted. */
  names(): string[];
}

/** The plugin's settings and secrets. */
export const config: Config;
