// The types of a service's response, re-exported by `index.d.ts`.

/** The names and values of headers, in order. A name may occur more than once. */
export type Headers = [name: string, value: Uint8Array][];

/** The value of a header. A string is sent as UTF-8. */
export type HeaderValue = string | number | Uint8Array;

/** Headers by name, or as pairs of names and values. An array of values becomes several fields. */
export type HeaderInput =
  | Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>
  | Iterable<readonly [name: string, value: HeaderValue | readonly HeaderValue[]]>;

/** Options of a response. */
export interface ResponseOptions {
  /** The HTTP status code, from 200 to 599. */
  status?: number;
  /** The media type of the body. Overrides a `content-type` in `headers`. */
  contentType?: string;
  /** The headers: an object, a Map, a `Headers` or pairs. Names are converted to lower case. */
  headers?: HeaderInput;
}

/** Options of a redirect. */
export interface RedirectOptions extends ResponseOptions {
  /** The status, by default 303. */
  status?: 301 | 302 | 303 | 307 | 308;
}

/** The attributes of a cookie. */
export interface CookieOptions {
  /**
   * The lifetime in whole seconds, 0 or more. 0 deletes the cookie of that name, domain and path at
   * once. Without `maxAge`, the cookie lasts until the browser is closed.
   */
  maxAge?: number | undefined;
  /** The path, by default `/`. */
  path?: string | undefined;
  /**
   * The browser sends the cookie to this domain and its subdomains. By default, the browser sends
   * the cookie only to the host that set it.
   */
  domain?: string | undefined;
  /** If true, the browser sends the cookie only over HTTPS. True by default. */
  secure?: boolean | undefined;
  /** If true, scripts cannot read the cookie. True by default. */
  httpOnly?: boolean | undefined;
  /**
   * Controls which requests from other sites include the cookie. `lax` by default; `none` requires
   * `secure`.
   */
  sameSite?: "lax" | "strict" | "none" | undefined;
}

/**
 * The response of a service. Most services return another value instead, which the SDK converts
 * with `Response.json`.
 *
 * `Response.text("made", { status: 201, headers: { location: "/orders/7" } })`
 */
export class Response {
  /**
   * Creates a response, by default with status 200. Throws a TypeError or a RangeError if the body,
   * the status or the type of a header's value is invalid.
   */
  constructor(body?: Uint8Array, options?: ResponseOptions);

  /**
   * Creates a response with `value` as JSON, by default as `application/json`. Throws like
   * `cache.set` if the value has no JSON form, but allows 127 levels.
   */
  static json(value: unknown, options?: ResponseOptions): Response;

  /** Creates a response with text, by default as `text/plain; charset=utf-8`. */
  static text(text: string, options?: ResponseOptions): Response;

  /** Creates a response with bytes, by default as `application/octet-stream`. */
  static bytes(body: Uint8Array, options?: ResponseOptions): Response;

  /**
   * Creates a response without a body, by default with status 204, as for a service that returns
   * nothing.
   */
  static empty(options?: ResponseOptions): Response;

  /**
   * Creates a redirect, by default with status 303: `return Response.redirect("/orders/7")`.
   * `location` is a string or a URL object.
   *
   * Throws a RangeError if the status is not 301, 302, 303, 307 or 308.
   */
  static redirect(
    location: string | { readonly href: string },
    options?: RedirectOptions,
  ): Response;

  status: number;
  contentType: string | undefined;
  /**
   * The headers, validated when the service returns. An invalid name or value, or a header that
   * only the server may set, causes an `internal` failure with the header's name.
   */
  headers: [name: string, value: string | Uint8Array][];
  body: Uint8Array;

  /**
   * Adds a header to this response and returns the response. An array of values adds several
   * fields. Throws a TypeError that names the header if a value has an unsupported type.
   */
  withHeader(name: string, value: HeaderValue | readonly HeaderValue[]): this;

  /**
   * Adds a `set-cookie` header to this response and returns the response:
   * `Response.empty().withCookie("session", token, { maxAge: 3600 })`
   *
   * By default the cookie is valid for all paths, sent only over HTTPS, hidden from scripts, and
   * has `SameSite=Lax`. Throws a TypeError that names the cookie if a part of it is invalid.
   */
  withCookie(name: string, value: string, options?: CookieOptions): this;

  /**
   * Returns the header of that name; case does not matter. Several fields are joined with `, `.
   * Returns `undefined` if the header is missing or a field is not UTF-8. Use `headerValues` for
   * `set-cookie`, whose fields may contain commas. For tests.
   */
  header(name: string): string | undefined;

  /**
   * Returns the value of each header field of that name. Omits values that are not UTF-8. For
   * tests.
   */
  headerValues(name: string): string[];

  /** Returns the body as text. For tests. */
  text(): string;

  /** Parses the body as JSON; an empty body is `undefined`. For tests. */
  json<T = any>(): T;
}
