// How requests reach the host: the one place of both `http` and `fetch`.

import { hostFunction } from "../host.js";
import { HttpError } from "./error.js";

const IMPORT = 'import { http } from "hostel-sdk"';

/** The host's response to a request; its refusal is thrown as an HttpError. */
export function send(request) {
  const send = hostFunction("httpSend", "http", IMPORT);
  try {
    return send(request);
  } catch (error) {
    const payload = error?.payload;
    throw payload?.kind === undefined ? error : new HttpError(payload.kind, payload.message);
  }
}

/** For each request, in their order, what `respond` makes of its response, or an HttpError. */
export function sendMany(requests, respond) {
  if (requests.length === 0) return [];
  const results = hostFunction("httpSendMany", "http", IMPORT)(requests);
  return results.map(({ tag, val }) => {
    return tag === "ok" ? respond(val) : new HttpError(val.kind, val.message);
  });
}
