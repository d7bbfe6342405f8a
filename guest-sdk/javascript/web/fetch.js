// `fetch`, for both engines. A request waits until no other code of the call can run. All waiting
// requests are then sent in one call to the host, which returns when the last response has arrived.

import { HttpError } from "../http/error.js";
import { sendMany } from "../http/send.js";
import { FAILURE } from "../error.js";
import { log } from "../log.js";
import { checkLoaded, now } from "../runtime/clock.js";
import { deadlineOf } from "../runtime/deadlines.js";
import { useFetches } from "../runtime/loop.js";
import { takeFrom } from "./body.js";
import { Headers } from "./headers.js";
import { Request, isRedirect, responseOf } from "./messages.js";

/** The maximum number of redirects to follow, as in the Fetch Standard. */
const MAX_REDIRECTS = 20;

/** The name of an AbortSignal's error after a timeout. */
const TIMEOUT = "TimeoutError";

const NO_BYTES = new Uint8Array();

/** The requests to send, in order. */
const waiting = [];

export function fetch(input, init) {
  return new Promise((resolve, reject) => {
    checkLoaded("fetch");
    const request = new Request(input, init);
    const { signal } = request;
    if (signal?.aborted) throw signal.reason;
    const abort = () => reject(ended(signal.reason));
    signal?.addEventListener("abort", abort, { once: true });
    waiting.push({ request, body: takeFrom(request), resolve, reject, abort });
  });
}

/**
 * Sends the waiting requests and returns a function that settles their promises. Returns undefined
 * if no request is waiting. If sending throws, rejects the promises and returns undefined.
 */
function send() {
  const sent = waiting.splice(0).filter(({ request }) => !request.signal?.aborted);
  if (sent.length === 0) return undefined;
  try {
    const results = sendMany(sent.map(recordOf), (response) => response);
    return () => sent.forEach((each, at) => settle(each, results[at]));
  } catch (error) {
    sent.forEach(({ reject }) => reject(error));
    return undefined;
  }
}

function recordOf({ request, body }) {
  const { method, url, headers, redirect, signal } = request;
  const deadline = deadlineOf(signal);
  const left = deadline === undefined ? undefined : Math.max(Math.ceil(deadline - now()), 0);
  return {
    method,
    url,
    headers: Array.from(headers, ([name, value]) => [name, bytesOf(value)]),
    body: body ?? NO_BYTES,
    timeout: left,
    redirects: redirect === "follow" ? MAX_REDIRECTS : 0,
  };
}

/** Converts a header's value to bytes, one per character, as in the Fetch Standard. */
function bytesOf(value) {
  return Uint8Array.from(value, (character) => character.charCodeAt(0));
}

function textOf(bytes) {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function settle({ request, resolve, reject, abort }, result) {
  request.signal?.removeEventListener("abort", abort);
  if (result instanceof HttpError) return reject(failed(result, request));
  const { status, url, headers, body } = result;
  const pairs = headers.map(([name, value]) => [name, textOf(value)]);
  if (request.redirect === "error" && isRedirect(status)) {
    return reject(new TypeError(`fetch failed: the response of status ${status} is a redirect`));
  }
  const redirected = request.redirect === "follow" && plain(url) !== plain(request.url);
  const fields = { status, url, redirected, type: "basic", headers: new Headers(pairs) };
  return resolve(responseOf(body, fields));
}

/** Returns the error with which the promise of a failed request is rejected. */
function failed(error, { signal }) {
  // Report the signal's timeout, even if the signal has not fired yet.
  if (error.kind === "timeout" && deadlineOf(signal) <= now() + 1) {
    const why = "The operation was aborted due to timeout";
    return ended(new DOMException(why, TIMEOUT));
  }
  return noted(new TypeError(`fetch failed: ${error.message}`, { cause: error }), error[FAILURE]);
}

/**
 * Returns the reason of an aborted signal. If the service does not handle a timeout, the call fails
 * as `unavailable`, as after a timeout of the server.
 */
function ended(reason) {
  return reason?.name === TIMEOUT ? noted(reason, "unavailable") : reason;
}

/** Sets the kind with which the call fails if the service does not handle the error. */
function noted(error, kind) {
  return Object.defineProperty(error, FAILURE, { value: kind });
}

/**
 * Normalises a URL for the comparison of the URLs of a request and its response. Does not remove
 * dot segments and does not convert international host names, so the comparison can fail for them.
 */
function plain(url) {
  const [, origin, rest] = /^([^/]*\/\/[^/?#]*)([^#]*)/.exec(url.trim()) ?? ["", url, ""];
  const host = origin.toLowerCase().replace(/^(http:.*):80$|^(https:.*):443$/, "$1$2");
  return `${host}${rest.startsWith("/") ? "" : "/"}${unescaped(rest)}`;
}

function unescaped(text) {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}

/** The function that settles the promises of the sent requests, or undefined if there are none. */
let settleSent;

/** Timers due by this time run before requests are sent or settled. */
let until;

useFetches({
  send,
  /**
   * Runs the next step: fires a due timer, settles sent requests, or sends waiting ones. The caller
   * runs all reactions after each step. Returns false if no request is left.
   */
  turn(timers) {
    if (waiting.length === 0 && settleSent === undefined) return false;
    until ??= now();
    if (timers.fire(until)) return true;
    until = undefined;
    const settle = settleSent;
    // Timers have run by now, so an abort that became due takes effect before the responses.
    settleSent = settle === undefined ? send() : settle();
    return true;
  },
  drop() {
    [settleSent, until] = [];
    const left = waiting.splice(0).length;
    if (left === 0) return;
    const why = "because the service has already responded: await them";
    log.warn(`${left} of the call's fetches are not sent, ${why}`);
  },
});
