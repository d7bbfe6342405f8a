// Outgoing HTTP requests, validated before the host is called.

import { MAX_MILLIS, checkOptions, isNumeric, shortened, shown } from "../arguments.js";
import { TOKEN } from "../headers.js";
import { toText } from "../json.js";
import { MAX_BODY_DEPTH } from "../limits.js";

const UTF8 = new TextEncoder();

const NO_BYTES = new Uint8Array();

const DEFAULT_REDIRECTS = 5;

/** The maximum number of redirects to follow: the WIT interface declares the number as a `u8`. */
const MAX_REDIRECTS = 255;

const OPTIONS = ["json", "body", "headers", "timeout", "redirects"];

const REQUEST = ["url", "method", ...OPTIONS];

const CONTENT_TYPE = "content-type";

/**
 * Returns the WIT record for a method, a URL and options. Error messages show `call`, the text of
 * the service's call before the options, for example `http.get(url`.
 */
export function recordOf(method, url, options, call) {
  if (options !== undefined) checkOptions(options, call, OPTIONS);
  return record(method, url, options ?? {});
}

/** Returns the WIT record for a request object. Error messages show `call`, as in `recordOf`. */
export function recordOfRequest(request, call) {
  if (typeof request !== "object" || request === null) {
    const rule = 'it must be an object, as { method: "POST", url: "https://..", json: .. }';
    throw new TypeError(`the request is ${shown(request)}: ${rule}`);
  }
  checkOptions(request, call, REQUEST);
  const { method = "GET", url, ...options } = request;
  return record(method, url, options);
}

function record(method, url, { json, body, headers = [], timeout, redirects }) {
  checkMethod(method);
  const target = urlText(url);
  const pairs = pairsOf(headers);
  const isJson = json !== undefined;
  if (isJson && body !== undefined) {
    throw new TypeError("json and body are both given: a request can have only one of them");
  }
  const isTyped = pairs.some(([name]) => name.toLowerCase() === CONTENT_TYPE);
  if (isJson && !isTyped) pairs.push([CONTENT_TYPE, UTF8.encode("application/json")]);
  const bytes = isJson ? UTF8.encode(toText(json, "json", MAX_BODY_DEPTH)) : bodyOf(body);
  return {
    method,
    url: target,
    headers: pairs,
    body: bytes,
    timeout: millisOf(timeout),
    redirects: redirectsOf(redirects),
  };
}

function checkMethod(method) {
  if (typeof method === "string" && TOKEN.test(method)) return;
  throw new TypeError(`method is ${shown(method)}: it must be a method of HTTP, as "GET"`);
}

/** Returns the URL as a string. The host parses it and refuses an invalid URL. */
function urlText(url) {
  const text = typeof url === "object" && typeof url?.href === "string" ? url.href : url;
  if (typeof text !== "string") {
    const rule = 'it must be a string, as "https://example.com/", or a URL';
    throw new TypeError(`url is ${shown(url)}: ${rule}`);
  }
  if (!text.isWellFormed()) {
    throw new TypeError(`url is ${shortened(text)}: it contains a lone surrogate`);
  }
  return text;
}

/** Returns the names and values of headers, with values as bytes. */
function pairsOf(headers) {
  if (typeof headers !== "object" || headers === null) {
    const rule = "it must be an object of names and values, or pairs of them";
    // Show only the type: the value may contain a secret.
    const type = headers === null ? "null" : typeof headers;
    throw new TypeError(`headers is of the type ${type}: ${rule}`);
  }
  const isIterable = typeof headers[Symbol.iterator] === "function";
  return (isIterable ? Array.from(headers) : Object.entries(headers)).map(headerOf);
}

function headerOf(pair) {
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw new TypeError("one of headers is not a pair: it must be [name, value]");
  }
  const [name, value] = pair;
  if (typeof name !== "string" || !TOKEN.test(name)) {
    const rule = "it must be letters, digits and hyphens";
    throw new TypeError(`the name of a header is ${shown(name)}: ${rule}`);
  }
  // Errors never show a value, because it may be a secret.
  const called = `the value of the header ${name}`;
  if (!(value instanceof Uint8Array) && typeof value !== "string") {
    const what = value === null ? "null" : typeof value;
    throw new TypeError(`${called} is of the type ${what}: it must be a string or a Uint8Array`);
  }
  const isBytes = typeof value !== "string";
  if (!isBytes && !value.isWellFormed()) {
    throw new TypeError(`${called} contains a lone surrogate`);
  }
  if (isBytes ? value.some(isBreak) : /[\r\n\0]/.test(value)) {
    throw new TypeError(`${called} contains a line break or a NUL, which HTTP does not allow`);
  }
  return [name, isBytes ? value : UTF8.encode(value)];
}

const isBreak = (byte) => byte === 0 || byte === 10 || byte === 13;

function bodyOf(body) {
  if (body === undefined) return NO_BYTES;
  if (body instanceof Uint8Array) return body;
  if (typeof body === "string" && body.isWellFormed()) return UTF8.encode(body);
  if (typeof body === "string") throw new TypeError("body contains a lone surrogate");
  const fix = "; `json` takes any value";
  throw new TypeError(`body is ${shown(body)}: it must be a string or a Uint8Array${fix}`);
}

/** Converts seconds to milliseconds, rounded up and at most `MAX_MILLIS`. Accepts undefined. */
function millisOf(seconds) {
  if (seconds === undefined) return undefined;
  const rule = "it must be 0 seconds or more, as a number";
  if (typeof seconds !== "number") {
    const fix = isNumeric(seconds) ? "; write Number(..)" : "";
    throw new TypeError(`timeout is ${shown(seconds)}: ${rule}${fix}`);
  }
  if (!(seconds >= 0)) throw new RangeError(`timeout is ${seconds}: ${rule}`);
  return Math.min(Math.ceil(seconds * 1000), MAX_MILLIS);
}

function redirectsOf(redirects = DEFAULT_REDIRECTS) {
  if (Number.isInteger(redirects) && redirects >= 0 && redirects <= MAX_REDIRECTS) return redirects;
  const rule = `it must be an integer from 0 to ${MAX_REDIRECTS}`;
  const Kind = typeof redirects === "number" ? RangeError : TypeError;
  throw new Kind(`redirects is ${shown(redirects)}: ${rule}`);
}
