import { fromText, toText } from "./json.js";
import { MAX_BODY_DEPTH, MAX_STATUS, MIN_STATUS } from "./limits.js";
import { UTF8 as DECODER } from "./request.js";

const UTF8 = new TextEncoder();

const JSON_TYPE = "application/json";

export class Response {
  constructor(body = new Uint8Array(), { status = 200, contentType, headers = [] } = {}) {
    if (!(body instanceof Uint8Array)) {
      throw new TypeError("a body is a Uint8Array: Response.text makes one of text");
    }
    if (!Number.isInteger(status) || status < MIN_STATUS || status > MAX_STATUS) {
      const rule = `it must be ${MIN_STATUS} to ${MAX_STATUS}`;
      throw new RangeError(`a status of ${String(status)}: ${rule}`);
    }
    this.status = status;
    this.contentType = contentType ?? undefined;
    const isIterable = typeof headers[Symbol.iterator] === "function";
    const pairs = isIterable ? Array.from(headers) : Object.entries(headers);
    this.headers = pairs.map(([name, value]) => [String(name).toLowerCase(), bytesOf(value)]);
    this.body = body;
  }

  static json(value, options) {
    const text = toText(value, "answer", MAX_BODY_DEPTH);
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

  text() {
    return DECODER.decode(this.body);
  }

  json() {
    return this.body.length === 0 ? undefined : fromText(this.text(), false);
  }
}

function bytesOf(value) {
  return value instanceof Uint8Array ? value : UTF8.encode(String(value));
}

/** The response that a returned value becomes. */
export function responseOf(returned) {
  if (returned instanceof Response) return returned;
  return returned === undefined ? Response.empty() : Response.json(returned);
}

const NO_CONTENT = { status: 204, contentType: undefined, headers: [], body: new Uint8Array() };

/** The same as a record of `wit/`, in fewer steps. */
export function recordOf(returned) {
  if (returned === undefined) return NO_CONTENT;
  if (returned instanceof Response) return returned;
  const text = toText(returned, "answer", MAX_BODY_DEPTH);
  return { status: 200, contentType: JSON_TYPE, headers: [], body: UTF8.encode(text) };
}
