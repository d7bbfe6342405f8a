// Failures as responses over HTTP: problems of RFC 9457, as the host makes them.

import { log } from "./log.js";
import { Response, finished } from "./response.js";

/** The status and its title, by the kind of failure. */
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

/** What a client reads in the place of a message that is for the log alone. */
const GENERAL = {
  internal: "the service failed",
  unavailable: "something that the service needs is unavailable",
};

/**
 * The response to a request by HTTP that comes to a failure with headers, which the contract's
 * failure has no room for; undefined for any other. Logs a message that the client must not read.
 */
export function responseWithHeaders(failure, { id, http }) {
  if (failure.headers === undefined || http === undefined) return undefined;
  const response = problemOf(failure, id);
  if (isPrivate(failure)) log.error(failure.message);
  return response;
}

/** Whether the message of a failure is for the log alone. */
export function isPrivate({ kind }) {
  return kind in GENERAL;
}

/** A failure as a response to the request of this id. */
export function problemOf({ kind, message, headers = [] }, id) {
  const [status, title] = STATUSES[kind];
  const detail = GENERAL[kind] ?? message.toWellFormed();
  const problem = { type: "about:blank", title, status, code: kind, detail, request_id: id };
  const contentType = "application/problem+json";
  return finished(Response.json(problem, { status, contentType, headers }));
}
