// Sends requests to the host, for both `http` and `fetch`.

import { hostFunction } from "../host.js";
import { HttpError } from "./error.js";

const IMPORT = 'import { http } from "hostel-sdk"';

/** Sends a request and returns the host's response. Throws the host's error as an HttpError. */
export function send(request) {
  const send = hostFunction("httpSend", "http", IMPORT);
  try {
    return send(request);
  } catch (error) {
    const payload = error?.payload;
    throw payload?.kind === undefined ? error : new HttpError(payload.kind, payload.message);
  }
}

/**
 * Sends requests concurrently. For each request, in order, returns the result of
 * `respond(response)` or an HttpError.
 */
export function sendMany(requests, respond) {
  if (requests.length === 0) return [];
  const results = hostFunction("httpSendMany", "http", IMPORT)(requests);
  return results.map(({ tag, val }) => {
    return tag === "ok" ? respond(val) : new HttpError(val.kind, val.message);
  });
}
