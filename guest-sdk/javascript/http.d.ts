// The types of `http` and `config`, re-exported by `index.d.ts`.

/**
 * HTTP requests to other servers.
 *
 * ```js
 * import { config, http } from "hostel-sdk";
 *
 * const rates = http.get("https://api.example.com/rates", {
 *   headers: { "x-api-key": config.require("api-key") },
 *   timeout: 2,
 * });
 * if (!rates.ok) throw Failure.unavailable(`the rates server returned ${rates.status}`);
 * return rates.json();
 * ```
 *
 * - A plugin can send requests only to the servers that the host's configuration allows:
 *   `[plugins.NAME.http] allow = ["https://api.example.com"]`, or `hostel run --allow-http URL`.
 * - Each method waits for the whole response. A status of 400 or more is not an error: check `ok`.
 * - If no complete response arrives, the method throws an {@link HttpError}; `sendMany` returns the
 *   error instead. If the service does not catch the error, the call fails as `unavailable` for
 *   `unreachable`, `timeout` and `aborted`, and as `internal` for the other kinds.
 * - For an argument with a wrong type or out of range, the method throws a TypeError or a
 *   RangeError and sends nothing. An invalid URL is an HttpError of the kind `invalid-request`.
 * - `sendMany`, and `fetch` with `Promise.all`, send requests concurrently.
 * - The build adds this interface only if a file of the service uses the name `http` or `fetch`, so
 *   that the component's imports show what it can do.
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

  /** Sends a request of any method except `CONNECT` and `TRACE`. */
  send(request: HttpSend): HttpResponse;

  /**
   * Sends requests concurrently and waits for all of them. The results are in the order of the
   * requests. Each result is a response, or an {@link HttpError}, which is returned and not thrown.
   *
   * ```js
   * for (const result of http.sendMany([{ url: one }, { url: other }])) {
   *   if (result instanceof HttpError) log.warn("no response:", result);
   * }
   * ```
   */
  sendMany(requests: Iterable<HttpSend>): (HttpResponse | HttpError)[];
}

/** An http or https URL, as a string or a URL object. */
export type HttpUrl = string | { readonly href: string };

/** Options of a request. */
export interface HttpOptions {
  /**
   * The body, any value with a JSON form. Sets `content-type: application/json` unless `headers`
   * has a `content-type`.
   */
  json?: unknown;
  /** An alternative to `json`: a text, sent as UTF-8, or bytes. Sets no `content-type`. */
  body?: string | Uint8Array | undefined;
  /**
   * The names and values of headers. Omit `host`, `content-length` and the headers of the
   * connection, such as `upgrade`: the host sets them, and refuses a request that has them.
   */
  headers?:
    | Readonly<Record<string, string | Uint8Array>>
    | Iterable<readonly [name: string, value: string | Uint8Array]>
    | undefined;
  /**
   * The time limit in seconds, including redirects. The default and the maximum are the call's
   * remaining time minus 0.1 seconds.
   */
  timeout?: number | undefined;
  /**
   * The maximum number of redirects to follow, from 0 to 255, by default 5. With 0, a redirect is
   * returned as a response.
   */
  redirects?: number | undefined;
}

/** A request for `send` and `sendMany`. */
export interface HttpSend extends HttpOptions {
  /** The method, by default `GET`. */
  method?: string | undefined;
  url: HttpUrl;
}

/** The response of a server, with any status. */
export class HttpResponse {
  private constructor();
  readonly status: number;
  /** The URL of the response: the last one if redirects were followed. */
  readonly url: string;
  /**
   * The headers, with names in lower case. A name may occur more than once. Fields of the same name
   * are in the received order.
   */
  readonly headers: [name: string, value: Uint8Array][];
  /** The complete body as received. A compressed body is not decompressed. */
  readonly body: Uint8Array;

  /** True if the status is from 200 to 299. */
  get ok(): boolean;

  /**
   * Returns the header of that name; case does not matter. Several fields are joined with `, `.
   * Returns `undefined` if the header is missing or a field is not UTF-8. Use `headerValues` for
   * `set-cookie`, whose fields contain commas and cannot be joined.
   */
  header(name: string): string | undefined;

  /** Returns the value of each header field of that name. Omits values that are not UTF-8. */
  headerValues(name: string): string[];

  /** Returns the body as text. Throws a TypeError if it is not UTF-8. */
  text(): string;

  /**
   * Parses the body as JSON, whatever its media type. The type `T` is not checked.
   *
   * Throws a TypeError if the body is not UTF-8, and a SyntaxError if it is not JSON. Throws a
   * RangeError if an integer would be rounded or a number is too large; use `text` for such a body.
   */
  json<T = any>(): T;
}

/** Why a request failed. */
export type HttpErrorKind =
  /** The request is not valid HTTP, or plugins cannot send such a request. */
  | "invalid-request"
  /** The plugin has no permission for this address, or this call has sent too many requests. */
  | "denied"
  /**
   * The connection to the server failed, and nothing was sent to it. After a redirect, the
   * redirecting server has processed its request.
   */
  | "unreachable"
  /** The request timed out. The server may have processed the request. */
  | "timeout"
  /**
   * The response has more headers than the host allows, or is larger than the host allows, alone or
   * together with the responses to concurrent requests; or the host has too little memory for it.
   */
  | "too-large"
  /**
   * The response was missing, incomplete or not valid HTTP. Also if a redirect had an invalid
   * target, there were too many redirects, or the host repeated the request and could not connect
   * again. The server may have processed the request.
   */
  | "aborted";

/** A failed request. The host's message never contains the query of a URL. */
export class HttpError extends Error {
  constructor(kind: HttpErrorKind, message?: string);
  /** The kind of failure, for code that handles the error. */
  readonly kind: HttpErrorKind;
}

/** Sends HTTP requests to other servers. */
export const http: Http;

/**
 * The plugin's settings and secrets, from `[plugins.NAME.config]` and `[plugins.NAME.secrets]` in
 * the host's configuration, or from the options `--config NAME=VALUE`,
 * `--secret NAME=env:VARIABLE` and `--secret NAME=file:PATH` of `hostel run`.
 *
 * All values are strings. They do not change while a version of the plugin is loaded. They can be
 * read only in a service, not while its module loads, because the module loads during the build.
 */
export interface Config {
  /**
   * Returns the value of the setting or secret of that name. If it does not exist, returns
   * `fallback`, which is `undefined` by default.
   */
  get(name: string): string | undefined;
  get<T>(name: string, fallback: T): string | T;

  /**
   * Returns the value of the setting or secret of that name. If it does not exist, throws an Error
   * that explains how to set it.
   */
  require(name: string): string;

  /** Returns the names of all settings and secrets, sorted. */
  names(): string[];
}

/** The plugin's settings and secrets. */
export const config: Config;
