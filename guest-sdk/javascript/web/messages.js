// The Request and Response of the Fetch Standard, for both engines: SpiderMonkey's own classes need
// wasi:http, which hosts do not provide.

import { Body, fill, given, peek, takeFrom } from "./body.js";
import { Headers } from "./headers.js";

const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

/** Methods that are converted to upper case. */
const IN_LARGE_LETTERS = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];

const NEVER_SENT = ["CONNECT", "TRACE", "TRACK"];

const REDIRECTS = ["follow", "error", "manual"];

const WITHOUT_BODY = [204, 205, 304];

const OF_REDIRECTS = [301, 302, 303, 307, 308];

const CONTENT_TYPE = "content-type";

export class Request extends Body {
  #fields;

  constructor(input, init) {
    if (arguments.length === 0) throw new TypeError("a Request needs a URL");
    const from = input instanceof Request ? input : undefined;
    const options = init ?? {};
    const { body, headers = from?.headers } = options;
    const { redirect = from?.redirect, signal = from?.signal } = options;
    const url = from === undefined ? urlOf(input) : from.url;
    const method = methodOf(options.method ?? from?.method);
    const hasBody = body !== undefined && body !== null;
    const [bytes, type] = hasBody || from === undefined ? given(body) : [takeFrom(from)];
    if (bytes !== null && (method === "GET" || method === "HEAD")) {
      throw new TypeError(`a Request of the method ${method} has no body`);
    }
    super(bytes);
    this.#fields = {
      ...{ method, url, redirect: redirectOf(redirect), signal: signalOf(signal) },
      headers: typed(new Headers(headers), type),
    };
  }

  get method() {
    return this.#fields.method;
  }

  /** The URL as given: the host parses it. */
  get url() {
    return this.#fields.url;
  }

  get headers() {
    return this.#fields.headers;
  }

  get redirect() {
    return this.#fields.redirect;
  }

  /** The given signal, or null. */
  get signal() {
    return this.#fields.signal;
  }

  clone() {
    const body = peek(this) ?? undefined;
    const { url, ...fields } = this.#fields;
    return new Request(url, { ...fields, body });
  }

  get [Symbol.toStringTag]() {
    return "Request";
  }
}

function urlOf(input) {
  const url = String(input);
  if (/^\s*https?:/i.test(url)) return url;
  const why = "a service has no page to which a URL can be relative";
  throw new TypeError(`${JSON.stringify(url)} is not an http or https URL: ${why}`);
}

function methodOf(method = "GET") {
  const text = String(method);
  const large = text.toUpperCase();
  if (!TOKEN.test(text) || NEVER_SENT.includes(large)) {
    throw new TypeError(`${JSON.stringify(text)} is not a method that a Request can have`);
  }
  return IN_LARGE_LETTERS.includes(large) ? large : text;
}

function redirectOf(redirect = "follow") {
  if (REDIRECTS.includes(redirect)) return redirect;
  const all = REDIRECTS.join(", ");
  throw new TypeError(`the redirect of a Request is ${String(redirect)}: it must be one of ${all}`);
}

function signalOf(signal = null) {
  if (signal === null || typeof signal?.aborted === "boolean") return signal;
  throw new TypeError("the signal of a Request must be an AbortSignal");
}

/** Sets the body's default media type if the headers have no `content-type`. */
function typed(headers, type) {
  if (type !== undefined && !headers.has(CONTENT_TYPE)) headers.set(CONTENT_TYPE, type);
  return headers;
}

export class Response extends Body {
  #fields;

  constructor(body, init) {
    const { status = 200, statusText = "", headers } = init ?? {};
    const [bytes, type] = given(body);
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      const shown = String(status);
      throw new RangeError(`the status of a Response is ${shown}: it must be from 200 to 599`);
    }
    if (bytes !== null && WITHOUT_BODY.includes(status)) {
      throw new TypeError(`a Response with the status ${status} must not have a body`);
    }
    super(bytes);
    this.#fields = {
      ...{ status, statusText: String(statusText), url: "", redirected: false, type: "default" },
      headers: typed(new Headers(headers), type),
    };
  }

  /** Creates a response with these bytes and fields, without the constructor's checks. */
  static of(bytes, fields) {
    const made = new Response();
    fill(made, bytes);
    made.#fields = { ...made.#fields, ...fields };
    return made;
  }

  static error() {
    return responseOf(null, { status: 0, type: "error" });
  }

  static json(value, init) {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError("the value has no JSON form");
    const headers = new Headers(init?.headers);
    return new Response(text, { ...init, headers: typed(headers, "application/json") });
  }

  static redirect(url, status = 302) {
    if (!OF_REDIRECTS.includes(status)) {
      const rule = `it must be one of ${OF_REDIRECTS.join(", ")}`;
      throw new RangeError(`the status of a redirect is ${status}: ${rule}`);
    }
    return new Response(null, { status, headers: { location: String(url) } });
  }

  get status() {
    return this.#fields.status;
  }

  get statusText() {
    return this.#fields.statusText;
  }

  get ok() {
    return this.status >= 200 && this.status < 300;
  }

  get headers() {
    return this.#fields.headers;
  }

  get url() {
    return this.#fields.url;
  }

  get redirected() {
    return this.#fields.redirected;
  }

  get type() {
    return this.#fields.type;
  }

  clone() {
    const fields = { ...this.#fields, headers: new Headers(this.headers) };
    return responseOf(peek(this)?.slice() ?? null, fields);
  }

  get [Symbol.toStringTag]() {
    return "Response";
  }
}

/** Creates a Response with these bytes (null for no body) and fields. */
export const { of: responseOf } = Response;
delete Response.of;

/** Returns true for the status of a redirect. */
export const isRedirect = (status) => OF_REDIRECTS.includes(status);
