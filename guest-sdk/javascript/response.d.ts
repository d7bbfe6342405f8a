// The types of a service's response; `index.d.ts` has them too.

/** Names and values of headers, in order; one name may occur more than once. */
export type Headers = [name: string, value: Uint8Array][];

/** The value of a header. A text is sent in UTF-8. */
export type HeaderValue = string | number | Uint8Array;

/** Headers by names, or as pairs of names and values. An array of values becomes as many fields. */
export type HeaderInput =
  | Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>
  | Iterable<readonly [name: string, value: HeaderValue | readonly HeaderValue[]]>;

/** What a response may be given beside its body. */
export interface ResponseOptions {
  /** A status code of HTTP, 200 to 599. */
  status?: number;
  /** The media type of the body. Wins over a header of that name. */
  contentType?: string;
  /** An object, a Map, a `Headers` or pairs. Names are put in lower case. */
  headers?: HeaderInput;
}

/** What a response to another place may be given. */
export interface RedirectOptions extends ResponseOptions {
  /** 303 unless given. */
  status?: 301 | 302 | 303 | 307 | 308;
}

/** The attributes of a cookie. */
export interface CookieOptions {
  /**
   * The seconds until the browser deletes the cookie, 0 or more. 0 deletes the cookie of that name,
   * domain and path at once. Without it the cookie lasts until the browser closes.
   */
  maxAge?: number | undefined;
  /** `/` unless given. */
  path?: string | undefined;
  /** Sent to this domain and those below it; without it, to the host alone that set it. */
  domain?: string | undefined;
  /** Sent over HTTPS alone, unless false. */
  secure?: boolean | undefined;
  /** Hidden from scripts, unless false. */
  httpOnly?: boolean | undefined;
  /** `lax` unless given. `none` needs `secure`. */
  sameSite?: "lax" | "strict" | "none" | undefined;
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

  /**
   * A response to a form or a link that leads elsewhere, of status 303 unless the options name
   * another: `return Response.redirect("/orders/7")`. `location` is a text or a URL object.
   *
   * Throws a RangeError when the status is none of 301, 302, 303, 307 and 308.
   */
  static redirect(
    location: string | { readonly href: string },
    options?: RedirectOptions,
  ): Response;

  status: number;
  contentType: string | undefined;
  /**
   * Checked when the service has responded: a name that is invalid or one of the connection's, and
   * a control character in a value, are a failure of kind `internal` that names the header.
   */
  headers: [name: string, value: string | Uint8Array][];
  body: Uint8Array;

  /**
   * Adds a header to this response, and returns it. An array of values adds as many fields. Throws
   * a TypeError that names the header when a value is of another type.
   */
  withHeader(name: string, value: HeaderValue | readonly HeaderValue[]): this;

  /**
   * Adds a cookie to this response, and returns it:
   * `Response.empty().withCookie("session", token, { maxAge: 3600 })`
   *
   * Unless the options differ it is for the whole site, over HTTPS alone, hidden from scripts, and
   * `SameSite=Lax`. Throws a TypeError that names the cookie when a part is invalid.
   */
  withCookie(name: string, value: string, options?: CookieOptions): this;

  /**
   * The header of that name, in any case, all its fields joined by `, `; for tests. Cookies that
   * are set are read by `headerValues`: `set-cookie` has commas of its own.
   */
  header(name: string): string | undefined;

  /** The fields of that name, in any case, for tests. */
  headerValues(name: string): string[];

  /** The body as text, for tests. */
  text(): string;

  /** The body, read as JSON, for tests; `undefined` when it is empty. */
  json<T = any>(): T;
}
