// The HTTP servers of a fake: routes that the test sets. Used only in tests.

import { AssertionError } from "node:assert";

import { shown } from "../arguments.js";
import { encoded, joinedOf, valuesOf } from "../headers.js";
import { HttpError } from "../http/error.js";
import { HttpResponse } from "../http/response.js";
import { Response } from "../response.js";

const KINDS = ["invalid-request", "denied", "unreachable", "timeout", "too-large", "aborted"];

const NEVER_SENT = ["CONNECT", "TRACE"];

/** Headers that only the host may set. */
const OF_HOST = [
  ...["host", "content-length", "connection", "keep-alive", "proxy-connection", "te", "trailer"],
  ...["transfer-encoding", "upgrade"],
];

/** Headers that are removed on a redirect to another origin. */
const CREDENTIALS = ["authorization", "cookie", "proxy-authorization"];

/** Headers of the body. They are removed when a redirect removes the body. */
const OF_BODY = ["content-type", "content-encoding", "content-language", "content-location"];

const OF_REDIRECTS = [301, 302, 303, 307, 308];

/** A sent request, as tests and reply functions see it. */
export class SentRequest {
  constructor({ method, url, headers, body, timeout, redirects }) {
    Object.assign(this, { method, url, headers, body });
    this.timeout = typeof timeout === "number" ? timeout / 1000 : undefined;
    this.redirects = redirects;
  }

  header(name) {
    return joinedOf(this.headers, name);
  }

  text() {
    return new HttpResponse(this).text();
  }

  json() {
    return new HttpResponse(this).json();
  }
}

export class FakeHttp {
  requests = [];
  #routes = [];
  /** The error that `watch` throws. Kept because the service may catch the error. */
  #error;
  #calls = 0;

  route(method, url, reply) {
    const isPrefix = url.endsWith("*");
    const wanted = isPrefix ? url.slice(0, -1) : urlOf(url).href;
    const matches = (asked) => (isPrefix ? asked.startsWith(wanted) : asked === wanted);
    checkReply(reply, `${method} ${url}`, typeof reply === "function");
    // The newest route is tried first.
    this.#routes.unshift({ method, url, matches, reply });
  }

  /** Returns the host's functions, by name. */
  functions() {
    const attempt = (request) => {
      try {
        return { tag: "ok", val: this.#send(request) };
      } catch (error) {
        if (error?.payload === undefined) throw error;
        return { tag: "err", val: error.payload };
      }
    };
    return {
      httpSend: (request) => this.#send(request),
      httpSendMany: (requests) => requests.map(attempt),
    };
  }

  /**
   * Runs a call and returns its result. If a request has no route, or its route's function throws
   * or returns an invalid reply, throws the first such error instead, even if the service caught
   * the error.
   */
  async watch(call) {
    if (this.#calls++ === 0) this.#error = undefined;
    try {
      return await call();
    } finally {
      this.#calls--;
      this.#rethrow();
    }
  }

  #rethrow() {
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
  }

  #send(request) {
    check(request);
    let next = { ...request, url: urlOf(request.url).href };
    for (let followed = 0; ; followed++) {
      const { status, headers, body } = this.#respond(new SentRequest(next));
      const [location] = OF_REDIRECTS.includes(status) ? valuesOf(headers, "location") : [];
      if (location === undefined || request.redirects === 0) {
        return { status, url: next.url, headers, body };
      }
      if (followed === request.redirects) {
        const why = `it redirects more than ${followed} times`;
        refuse("aborted", `${shownUrl(next.url)}: ${why}`);
      }
      next = redirected(next, status, location);
    }
  }

  #respond(request) {
    this.requests.push(request);
    const { method, url } = request;
    try {
      const route = this.#routes.find((each) => each.method === method && each.matches(url));
      if (route === undefined) throw this.#noRoute(method, url);
      const isFunction = typeof route.reply === "function";
      const reply = isFunction ? route.reply(request) : route.reply;
      checkReply(reply, `${route.method} ${route.url}`, false);
      if (reply instanceof Response) return recordOf(reply);
      const why = `${shownUrl(url)}: the route of the fake returns ${reply.kind}`;
      return refuse(reply.kind, reply.message || why);
    } catch (error) {
      if (error?.payload === undefined) this.#error ??= error;
      throw error;
    }
  }

  #noRoute(method, url) {
    const rows = this.#routes.map((route) => `${route.method} ${route.url}`).reverse();
    const there = rows.length === 0 ? "which has none" : `which has: ${rows.join(", ")}`;
    const fix = `fake.route(${JSON.stringify(method)}, ${JSON.stringify(url)}, Response.json(..))`;
    const message = `the fake has no route for ${method} ${url}, ${there}; ${fix} adds it`;
    return new AssertionError({ message });
  }
}

function checkReply(reply, route, isFunction) {
  const isKnown = reply instanceof HttpError && KINDS.includes(reply.kind);
  if (isFunction || reply instanceof Response || isKnown) return;
  if (reply instanceof HttpError) {
    const rule = `it must be one of ${KINDS.join(", ")}`;
    throw new TypeError(`the kind of the HttpError is ${reply.kind}: ${rule}`);
  }
  const rule = "it must be a Response of hostel-sdk, as Response.json(..), an HttpError, or a function";
  throw new TypeError(`the reply of the route ${route} is ${shown(reply)}: ${rule}`);
}

/** Returns the status, headers and body of a response, as in the host's record. */
function recordOf({ status, contentType, headers, body }) {
  const isTyped = contentType === undefined || valuesOf(headers, "content-type").length > 0;
  const type = isTyped ? [] : [["content-type", new TextEncoder().encode(contentType)]];
  return { status, headers: [...type, ...encoded(headers)], body };
}

/**
 * Refuses methods, URLs and headers that the host refuses, with similar messages. Unlike the host,
 * accepts any number of headers, and control characters in the value of a header.
 */
function check({ method, url, headers }) {
  const shownAs = shownUrl(urlOf(url).href);
  if (NEVER_SENT.includes(method)) {
    refuse("invalid-request", `${shownAs}: "${method}" is not a method that a plugin can send`);
  }
  const own = headers.map(([name]) => name.toLowerCase()).find((name) => OF_HOST.includes(name));
  if (own !== undefined) {
    const why = `the header \`${own}\` is set by the host: leave it out`;
    refuse("invalid-request", `${shownAs}: ${why}`);
  }
}

/** Parses a URL and removes its fragment, which is not sent. Refuses URLs as the host does. */
function urlOf(text) {
  const found = URL.canParse(text) ? new URL(text) : undefined;
  const quoted = JSON.stringify(shownUrl(text).slice(0, 200));
  if (found === undefined) refuse("invalid-request", `${quoted} is not a URL`);
  if (!/^https?:$/.test(found.protocol)) {
    refuse("invalid-request", `${quoted} is not an http or https URL`);
  }
  if (found.username !== "" || found.password !== "") {
    const why = "a URL has a user or a password: send them in the header `authorization`";
    refuse("invalid-request", why);
  }
  found.hash = "";
  return found;
}

/**
 * Returns the request that follows a redirect, as in the host and the Fetch Standard. Unlike the
 * host, keeps headers that contain a secret, and accepts a URL with a user or a password.
 */
function redirected(request, status, location) {
  const to = URL.canParse(location, request.url) ? new URL(location, request.url) : undefined;
  if (!/^https?:$/.test(to?.protocol)) {
    const why = "its redirect target is not an http or https URL";
    refuse("aborted", `${shownUrl(request.url)}: ${why}`);
  }
  to.hash = "";
  const isElsewhere = to.origin !== new URL(request.url).origin;
  const isPost = request.method === "POST" && (status === 301 || status === 302);
  const becomesGet = isPost || (status === 303 && !["GET", "HEAD"].includes(request.method));
  const dropped = [...(isElsewhere ? CREDENTIALS : []), ...(becomesGet ? OF_BODY : [])];
  const headers = request.headers.filter(([name]) => !dropped.includes(name.toLowerCase()));
  const body = becomesGet ? new Uint8Array() : request.body;
  const method = becomesGet ? "GET" : request.method;
  return { ...request, method, url: to.href, headers, body };
}

/** Returns the URL without query and fragment, because the query may contain a secret. */
function shownUrl(url) {
  return url.replace(/[?#].*/s, "");
}

function refuse(kind, message) {
  throw Object.assign(new Error(message), { payload: { kind, message } });
}
