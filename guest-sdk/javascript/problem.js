// Converts failures to problem responses (RFC 9457), in the same form as the host.

import { log } from "./log.js";
import { Response, finished } from "./response.js";

/** The status and title of each failure kind. */
const STATUSES = {
  "bad-request": [400, "Bad Request"],
  "unauthorized": [401, "Unauthorized"],
  "forbidden": [403, "Forbidden"],
  "not-found": [404, "Not Found"],
  "method-not-allowed": [405, "Method Not Allowed"],
  "conflict": [409, "Conflict"],
  "too-many-requests": [429, "Too Many Requests"],
  "internal": [500, "Internal Server Error"],
  "unavailable": [503, "Service Unavailable"],
};

/** The texts that the client gets for failure kinds whose messages are only logged. */
const GENERAL = {
  internal: "the service failed",
  unavailable: "something that the service needs is unavailable",
};

/**
 * Converts a failure with headers to a response if the request is an HTTP request, because the WIT
 * type `failure` has no headers. Logs the failure's message if the client must not get it. Returns
 * undefined without headers or without HTTP. Throws a TypeError if a header is invalid.
 */
export function responseWithHeaders(failure, { id, http }) {
  if (failure.headers === undefined || http === undefined) return undefined;
  const response = problemOf(failure, id);
  if (isPrivate(failure)) log.error(failure.message);
  return response;
}

/** Returns true if the message of a failure is only logged. */
export function isPrivate({ kind }) {
  return kind in GENERAL;
}

/** Returns the response for a failure of the request with this id. */
export function problemOf({ kind, message, headers = [] }, id) {
  const [status, title] = STATUSES[kind];
  const detail = GENERAL[kind] ?? message.toWellFormed();
  const problem = { type: "about:blank", title, status, code: kind, detail, request_id: id };
  const contentType = "application/problem+json";
  return finished(Response.json(problem, { status, contentType, headers }));
}
