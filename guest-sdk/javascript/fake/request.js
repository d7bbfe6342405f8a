// HTTP requests to the services of a fake. Used only in tests.

import { checkOptions, shown } from "../arguments.js";
import { encoded, fieldsOf, joinedOf } from "../headers.js";
import { Response } from "../response.js";

const OPTIONS = ["headers", "body", "json", "form"];

const CONTENT_TYPE = "content-type";

/** Returns the fields of an HTTP request. `target` is a path, optionally with a query. */
export function requestOf(method, target, options = {}) {
  checkOptions(options, "fake.http(method, path", OPTIONS);
  if (typeof target !== "string" || !target.startsWith("/")) {
    throw new TypeError(`the path ${shown(target)} must begin with a slash`);
  }
  const [path, ...query] = target.split("?");
  const { body, type } = bodyOf(options);
  const headers = encoded(fieldsOf(options.headers ?? []));
  if (type !== undefined && joinedOf(headers, CONTENT_TYPE) === undefined) {
    headers.push(...encoded([[CONTENT_TYPE, type]]));
  }
  const contentType = joinedOf(headers, CONTENT_TYPE);
  const sent = { method, path, query: query.join("?"), headers };
  const http = { ...sent, authority: "localhost", client: "127.0.0.1:1" };
  return { contentType, body, http };
}

/** Returns the bytes and the media type of the body. At most one of the options may be given. */
function bodyOf({ body, json, form }) {
  if ([body, json, form].filter((given) => given !== undefined).length > 1) {
    throw new TypeError("body, json and form: a request can have only one of them");
  }
  if (json !== undefined) {
    const { body, contentType } = Response.json(json);
    return { body, type: contentType };
  }
  if (form !== undefined) {
    return { body: bytesOf(formText(form)), type: "application/x-www-form-urlencoded" };
  }
  if (body === undefined || body instanceof Uint8Array) return { body };
  if (typeof body === "string") return { body: bytesOf(body) };
  const fix = "; `json` takes any value";
  throw new TypeError(`body is ${shown(body)}: it must be a string or a Uint8Array${fix}`);
}

/** Encodes a form from an object or pairs. An array of values becomes several fields. */
function formText(form) {
  const isIterable = typeof form[Symbol.iterator] === "function";
  const pairs = isIterable ? Array.from(form) : Object.entries(form);
  const fields = pairs.flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
  return new URLSearchParams(fields).toString();
}

function bytesOf(text) {
  return new TextEncoder().encode(text);
}
