import { checkOptions } from "./arguments.js";
import { cookieText } from "./cookie.js";
import { DECODER, checked, fieldsOf, joinedOf, namedFields, valuesOf } from "./headers.js";
import { fromText, toText } from "./json.js";
import { MAX_BODY_DEPTH, MAX_STATUS, MIN_STATUS } from "./limits.js";

const UTF8 = new TextEncoder();

const JSON_TYPE = "application/json";

const OF_REDIRECTS = [301, 302, 303, 307, 308];

const OPTIONS = ["status", "contentType", "headers"];

export class Response {
  constructor(body = new Uint8Array(), { status = 200, contentType, headers } = {}) {
    if (!(body instanceof Uint8Array)) {
      throw new TypeError("the body must be a Uint8Array: use Response.text for a string");
    }
    if (!Number.isInteger(status) || status < MIN_STATUS || status > MAX_STATUS) {
      const rule = `it must be ${MIN_STATUS} to ${MAX_STATUS}`;
      throw new RangeError(`a status of ${String(status)}: ${rule}`);
    }
    this.status = status;
    this.contentType = contentType ?? undefined;
    this.headers = headers === undefined ? [] : fieldsOf(headers);
    this.body = body;
  }

  static json(value, options) {
    const text = toText(value, "response", MAX_BODY_DEPTH);
    return new Response(UTF8.encode(text), { contentType: JSON_TYPE, ...options });
  }

  static text(text, options) {
    const contentType = "text/plain; charset=utf-8";
    return new Response(UTF8.encode(text), { contentType, ...options });
  }

  static bytes(body, options) {
    return new Response(body, { contentType: "application/octet-stream", ...options });
  }

  static empty(options) {
    return new Response(new Uint8Array(), { status: 204, ...options });
  }

  static redirect(location, options = {}) {
    checkOptions(options, "Response.redirect(location", OPTIONS);
    const { status = 303 } = options;
    if (!OF_REDIRECTS.includes(status)) {
      const rule = "it must be 301, 302, 303, 307 or 308";
      throw new RangeError(`a redirect of status ${String(status)}: ${rule}`);
    }
    const response = Response.empty({ ...options, status });
    return response.withHeader("location", location?.href ?? location);
  }

  withHeader(name, value) {
    this.headers.push(...namedFields(name, value));
    return this;
  }

  withCookie(name, value, options) {
    return this.withHeader("set-cookie", cookieText(name, value, options));
  }

  header(name) {
    return joinedOf(this.headers, name);
  }

  headerValues(name) {
    return valuesOf(this.headers, name);
  }

  text() {
    return DECODER.decode(this.body);
  }

  json() {
    return this.body.length === 0 ? undefined : fromText(this.text(), false);
  }
}

/**
 * Validates the headers of a response, converts their values to bytes, and returns the response.
 *
 * Throws a TypeError that names the header if HTTP does not allow the header, or if only the server
 * may set it.
 */
export function finished(response) {
  const { contentType, headers } = response;
  if (contentType !== undefined && contentType !== JSON_TYPE && !/^[\t -~]*$/.test(contentType)) {
    const why = "its value contains a control character or a non-ASCII character";
    throw new TypeError(`the response header "content-type": ${why}`);
  }
  if (headers.length > 0) response.headers = checked(headers);
  return response;
}

/** Converts the result of a service to a response. */
export function responseOf(returned) {
  if (returned instanceof Response) return finished(returned);
  return returned === undefined ? Response.empty() : Response.json(returned);
}

const NO_CONTENT = { status: 204, contentType: undefined, headers: [], body: new Uint8Array() };

/** Like `responseOf`, but faster, and returns a WIT record. */
export function recordOf(returned) {
  if (returned === undefined) return NO_CONTENT;
  if (returned instanceof Response) return finished(returned);
  const text = toText(returned, "response", MAX_BODY_DEPTH);
  return { status: 200, contentType: JSON_TYPE, headers: [], body: UTF8.encode(text) };
}
