import { Failure } from "./failure.js";
import { fromText } from "./json.js";

/** Written so, it is the engine's own, which knows UTF-8 alone, and not that of `web/`. */
const { TextDecoder: Utf8Decoder } = globalThis;

export const UTF8 = new Utf8Decoder("utf-8", { fatal: true, ignoreBOM: true });

export class Request {
  constructor({ service = "", id = "", contentType, body, http } = {}) {
    this.service = service;
    this.id = id;
    this.contentType = contentType ?? undefined;
    this.body = body ?? new Uint8Array();
    this.http = http ? new HttpRequest(http) : undefined;
  }

  /** The request that a record of `wit/` becomes: to copy it takes as long as to use the cache. */
  static of(record) {
    record.contentType ??= undefined;
    record.http = record.http ? new HttpRequest(record.http) : undefined;
    return Object.setPrototypeOf(record, Request.prototype);
  }

  text() {
    try {
      return UTF8.decode(this.body);
    } catch {
      throw Failure.badRequest("the request body is no UTF-8");
    }
  }

  json() {
    if (this.body.length === 0) return undefined;
    const text = this.text();
    try {
      return fromText(text, false);
    } catch (error) {
      throw Failure.badRequest(`the request body: ${error.message}`);
    }
  }
}

export class HttpRequest {
  constructor(http) {
    this.method = http.method ?? "GET";
    this.path = http.path ?? "/";
    this.pathParams = http.pathParams ?? [];
    this.query = http.query ?? "";
    this.authority = http.authority ?? "";
    this.client = http.client ?? "";
    this.headers = http.headers ?? [];
  }

  header(name) {
    const lowered = name.toLowerCase();
    const header = this.headers.find(([name]) => name.toLowerCase() === lowered);
    if (header === undefined) return undefined;
    try {
      return UTF8.decode(header[1]);
    } catch {
      return undefined;
    }
  }

  pathParam(name) {
    return this.pathParams.find(([param]) => param === name)?.[1];
  }
}
