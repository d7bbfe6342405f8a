// Tests of `fetch`: its classes compared with Node's classes, and its requests on the fake's
// routes.

import assert from "node:assert/strict";
import test, { afterEach } from "node:test";

import { Fake } from "../fake.js";
import { connect } from "../host.js";
import { HttpError, Response } from "../index.js";
import { noteDeadlines } from "../runtime/deadlines.js";
import { now } from "../runtime/clock.js";
import { dropTimers, useTimers, waitOnce } from "../runtime/loop.js";
import { fetch as ownFetch } from "../web/fetch.js";
import * as own from "../web/messages.js";

const { fetch: nodeFetch, Request: NodeRequest, Response: NodeResponse } = globalThis;

const URL_A = "https://api.example.com/a";

// Wait for the fake to finish work for aborted fetches.
afterEach(() => new Promise((done) => setImmediate(done)));

const OURS = { Request: own.Request, Response: own.Response };
const NODES = { Request: NodeRequest, Response: NodeResponse };

/** Runs `act` and returns its result, or the name of its error's class. */
async function outcome(act) {
  try {
    return await act();
  } catch (error) {
    return error.constructor.name;
  }
}

/** Runs `act` in a service on a fake and returns the result of `act` itself. */
async function inFake(fake, act) {
  let result;
  const service = async () => void (result = await act());
  await serviceOf(fake, service);
  return result;
}

async function serviceOf(set, service) {
  const fake = new Fake({ default: { service } });
  set(fake);
  await fake.call("service");
  return fake;
}

const PARAMS = new URLSearchParams("a=1 2");

const REQUESTS = [
  ({ Request }) => new Request(URL_A, { method: "post", body: "é" }).text(),
  ({ Request }) => typeOf(new Request(URL_A, { method: "PUT", body: "a" })),
  ({ Request }) => typeOf(new Request(URL_A, { method: "PUT", body: new Uint8Array([1]) })),
  ({ Request }) => typeOf(new Request(URL_A, { method: "PUT", body: PARAMS })),
  ({ Request }) => new Request(URL_A, { method: "PUT", body: PARAMS }).text(),
  ({ Request }) => new Request(URL_A, { method: "PUT", body: 5, headers: { "Content-Type": "x" } }),
  ({ Request }) => new Request(new URL(URL_A)),
  ({ Request }) => new Request(new Request(URL_A, { redirect: "manual", headers: { a: "1" } })),
  ({ Request }) => {
    const first = new Request(URL_A, { method: "PUT", body: "1" });
    return new Request(first, { body: "2" }).text();
  },
  ({ Request }) => new Request(new Request(URL_A, { method: "PUT", body: "1" })).json(),
  ({ Request }) => new Request(URL_A, { method: "patch" }).method,
  ({ Request }) => new Request(URL_A, { body: "a" }),
  ({ Request }) => new Request(URL_A, { method: "HEAD", body: "a" }),
  ({ Request }) => new Request(URL_A, { method: "TRACE" }),
  ({ Request }) => new Request(URL_A, { method: "a b" }),
  ({ Request }) => new Request(URL_A, { redirect: "never" }),
  ({ Request }) => new Request(URL_A, { signal: 5 }),
  ({ Request }) => new Request("/a"),
  ({ Request }) => new Request(),
  ({ Request }) => new Request(URL_A, { method: "PUT", body: "1" }).clone().text(),
  ({ Request }) => new Request(URL_A, { headers: { "a b": "" } }),
];

const RESPONSES = [
  ({ Response }) => new Response("é", { status: 404, statusText: "no", headers: { a: "1" } }),
  ({ Response }) => new Response(),
  ({ Response }) => new Response(null, { status: 204 }),
  ({ Response }) => new Response("", { status: 204 }),
  ({ Response }) => new Response("a", { status: 199 }),
  ({ Response }) => new Response("a", { status: 600 }),
  ({ Response }) => new Response("\ufeffa").text(),
  ({ Response }) => new Response(new Uint8Array([0xff, 97])).text(),
  ({ Response }) => new Response("{").json(),
  ({ Response }) => new Response('{"a":[1]}').json(),
  ({ Response }) => new Response("é").arrayBuffer(),
  ({ Response }) => new Response(new Uint16Array([258])).arrayBuffer(),
  ({ Response }) => new Response(new Uint8Array([1, 98, 3]).subarray(1, 2)).text(),
  ({ Response }) => Response.json({ a: 1 }, { status: 201 }),
  ({ Response }) => Response.json({ a: 1 }).text(),
  ({ Response }) => Response.json(undefined),
  ({ Response }) => Response.redirect(URL_A, 307),
  ({ Response }) => Response.redirect(URL_A).headers.get("location"),
  ({ Response }) => Response.redirect(URL_A, 200),
  ({ Response }) => Response.error(),
];

/** Functions that use a body twice, and functions that return class names. */
const TWICE = [
  async ({ Response }) => {
    const response = new Response("a");
    const clone = response.clone();
    await response.text();
    const used = [response.bodyUsed, clone.bodyUsed];
    return [used, await clone.text(), await outcome(() => response.text())];
  },
  async ({ Response }) => {
    const response = new Response("a");
    await response.text();
    return response.clone();
  },
  async ({ Response }) => {
    const response = new Response();
    return [await response.text(), response.bodyUsed, await response.text()];
  },
  async ({ Request }) => {
    const first = new Request(URL_A, { method: "PUT", body: "1" });
    new Request(first);
    return [first.bodyUsed, await outcome(() => new Request(first))];
  },
  ({ Request }) => Object.prototype.toString.call(new Request(URL_A)),
  ({ Response }) => Object.prototype.toString.call(new Response()),
];

test("a Request and a Response are as in Node", async () => {
  const typeOf = ({ headers }) => headers.get("content-type");
  for (const act of [...REQUESTS, ...RESPONSES, ...TWICE]) {
    const [ours, nodes] = await Promise.all([OURS, NODES].map(async (kinds) => {
      const made = await outcome(() => act(kinds));
      const isMade = made instanceof kinds.Request || made instanceof kinds.Response;
      return isMade ? fieldsOf(made) : made;
    }));
    assert.deepEqual(ours, nodes, String(act));
  }
});

function fieldsOf(made) {
  const { method, url, redirect, bodyUsed, headers } = made;
  const { status, statusText, ok, redirected, type } = made;
  const fields = { method, url, redirect, bodyUsed, status, statusText, ok, redirected, type };
  return { ...fields, headers: [...headers] };
}

test("a body is complete, and an invalid one is an error with the accepted types", async () => {
  assert.equal(new own.Response("a").body, null);
  assert.deepEqual(await new own.Response("ab").bytes(), new Uint8Array([97, 98]));
  const bytes = new Uint8Array([97]);
  const response = new own.Response(bytes);
  bytes[0] = 98;
  assert.equal(await response.text(), "a");
  const expected =
    /the body is a Object: it must be a string, bytes or URLSearchParams; use JSON.stringify/;
  assert.throws(() => new own.Response({ a: 1 }), expected);
  const request = () => new own.Request(URL_A, { method: "PUT", body: new Map() });
  assert.throws(request, /the body is a Map: it must be /);
});

test("fetch uses the routes in a service, and is Node's own outside of it", async () => {
  const set = (fake) => fake.route("POST", URL_A, ({ url, body }) => {
    return Response.bytes(body, { status: 201, headers: { "X-A": "é", "x-url": url } });
  });
  let seen;
  const fake = await serviceOf(set, async () => {
    const init = { method: "POST", body: "sent", headers: { "x-b": "\xe9" } };
    const response = await fetch(new Request(URL_A, init));
    seen = [response instanceof globalThis.Response, response.constructor === own.Response];
    seen.push(response.status, response.ok, response.url, response.redirected, response.type);
    seen.push(await response.text(), response.headers instanceof Headers);
  });
  assert.deepEqual(seen, [true, true, 201, true, URL_A, false, "basic", "sent", true]);
  const [{ headers, redirects, timeout }] = fake.requests;
  assert.deepEqual(headers.map(([name]) => name), ["content-type", "x-b"]);
  assert.deepEqual([[...headers[1][1]], redirects, timeout], [[0xe9], 20, undefined]);
  assert.equal(fetch, nodeFetch);
  assert.equal(globalThis.Response, NodeResponse);
});

test("a fetch without a response is a TypeError with an HttpError as its cause", async () => {
  const set = (fake) => fake.route("GET", URL_A, new HttpError("unreachable", "no way"));
  const error = await inFake(set, () => fetch(URL_A).catch((error) => error));
  assert.ok(error instanceof TypeError && error.cause instanceof HttpError);
  assert.deepEqual([error.message, error.cause.kind], ["fetch failed: no way", "unreachable"]);
  const kinds = { unreachable: "unavailable", timeout: "unavailable", denied: "internal" };
  for (const [kind, failure] of Object.entries(kinds)) {
    const fake = new Fake({ default: { unhandled: () => fetch(URL_A) } });
    fake.route("GET", URL_A, new HttpError(kind, "no"));
    await assert.rejects(fake.call("unhandled"), { kind: failure, message: "fetch failed: no" });
  }
});

test("a redirect is followed, refused or returned", async () => {
  const set = (fake) => {
    fake.route("GET", URL_A, Response.empty({ status: 302, headers: { location: "/b" } }));
    fake.route("GET", "https://api.example.com/b", Response.text("there"));
    fake.route("GET", "https://api.example.com/c%C3%A9?q", Response.text("c"));
  };
  const shown = async (url, redirect) => {
    const { status, redirected, url: last } = await fetch(url, { redirect });
    return [status, redirected, last];
  };
  const results = await inFake(set, async () => [
    await shown(URL_A, "follow"),
    await shown(URL_A, "manual"),
    await outcome(() => shown(URL_A, "error")),
    await shown("HTTPS://API.example.com:443/cé?q#top", "follow"),
  ]);
  assert.deepEqual(results, [
    [200, true, "https://api.example.com/b"],
    [302, false, URL_A],
    "TypeError",
    [200, false, "https://api.example.com/c%C3%A9?q"],
  ]);
});

test("an aborted signal ends a fetch, even before it is sent", async () => {
  let asked = 0;
  const set = (fake) => fake.route("GET", URL_A, () => {
    asked++;
    return Response.empty();
  });
  const reasons = await inFake(set, async () => {
    const controller = new AbortController();
    const late = fetch(URL_A, { signal: controller.signal }).catch((error) => error);
    controller.abort("stop");
    const aborted = fetch(URL_A, { signal: AbortSignal.abort() }).catch(({ name }) => name);
    return [await late, await aborted];
  });
  assert.deepEqual([reasons, asked], [["stop", "AbortError"], 0]);
});

test("a fetch that times out is an unavailable failure", async () => {
  const timeout = () => new DOMException("late", "TimeoutError");
  for (const [reason, kind] of [[timeout(), "unavailable"], [new Error("stop"), "internal"]]) {
    const fake = new Fake({
      default: {
        unhandled() {
          const controller = new AbortController();
          const fetching = fetch(URL_A, { signal: controller.signal });
          controller.abort(reason);
          return fetching;
        },
      },
    });
    await assert.rejects(fake.call("unhandled"), { kind, message: reason.message });
  }
});

test("a fetch of the test does not use the fake while a service runs", async () => {
  let go;
  const gate = new Promise((resolve) => (go = resolve));
  const fake = new Fake({ default: { waits: () => gate } });
  const calling = fake.call("waits");
  assert.notEqual(fetch, nodeFetch);
  await assert.rejects(fetch("/relative"), /parse URL/);
  assert.equal(new globalThis.Response().constructor, NodeResponse);
  go();
  await calling;
});

test("a fetch without a route fails the test even if the service catches the error", async () => {
  const fake = new Fake({ default: { hides: () => fetch(URL_A).catch(() => "hidden") } });
  await assert.rejects(fake.call("hides"), { name: "AssertionError", message: /no route for GET/ });
});

/**
 * Connects a host that responds to each request, and installs the given timers. Returns the
 * recorded calls and log lines.
 */
function loopOf(answer, timers = []) {
  const calls = [];
  const httpSendMany = (requests) => {
    calls.push(requests.map(({ url }) => url));
    const common = { status: 200, headers: [] };
    return requests.map((request) => ({ tag: "ok", val: { ...common, ...answer(request) } }));
  };
  const lines = [];
  connect({ httpSendMany, log: (level, line) => lines.push(`${level}: ${line}`) });
  useTimers({
    fire(until = Infinity) {
      if (timers.length === 0 || timers[0].at > until) return false;
      timers.shift().act();
      return true;
    },
    drop: () => timers.splice(0).length,
  });
  return { calls, lines };
}

const answered = ({ url }) => ({ url, body: new Uint8Array() });

/** Handles the events of a call until no event is left. */
async function runAll() {
  await new Promise((done) => setImmediate(done));
  while (waitOnce()) await new Promise((done) => setImmediate(done));
}

test("waiting fetches are sent concurrently when nothing else can run", async () => {
  const order = [];
  const fetched = (name) => ownFetch(`${URL_A}/${name}`).then(() => order.push(name));
  const soon = { at: 0, act: () => void fetched("timer").then(() => order.push("then")) };
  const later = { at: Infinity, act: () => order.push("later") };
  const { calls } = loopOf(answered, [soon, later]);
  fetched("first").then(() => fetched("last"));
  Promise.resolve().then(() => fetched("second"));
  await runAll();
  const at = (...names) => names.map((name) => `${URL_A}/${name}`);
  assert.deepEqual(calls, [at("first", "second", "timer"), at("last")]);
  assert.deepEqual(order, ["first", "second", "timer", "then", "last", "later"]);
});

test("a timer that is due while requests are sent fires before the responses", async () => {
  const controller = new AbortController();
  const timers = [];
  loopOf((request) => {
    timers.push({ at: now(), act: () => controller.abort(new Error("late")) });
    return answered(request);
  }, timers);
  const fetching = ownFetch(URL_A, { signal: controller.signal });
  const rejected = assert.rejects(fetching, { message: "late" });
  await runAll();
  await rejected;
});

test("the signal of a request limits its time", async () => {
  const { timeout: nodeTimeout, any } = AbortSignal;
  noteDeadlines(AbortSignal);
  try {
    const times = [];
    loopOf((request) => {
      times.push(request.timeout);
      return answered(request);
    });
    const signals = [
      AbortSignal.timeout(60_000),
      AbortSignal.any([new AbortController().signal, AbortSignal.timeout(60_000)]),
      new AbortController().signal,
    ];
    const fetching = signals.map((signal) => ownFetch(URL_A, { signal }));
    await runAll();
    await Promise.all(fetching);
    assert.deepEqual(times.map((time) => time > 50_000 && time <= 60_000), [true, true, false]);
    assert.equal(times[2], undefined);
  } finally {
    Object.assign(AbortSignal, { timeout: nodeTimeout, any });
  }
});

test("a timeout of a request is reported as the timeout of its signal", async () => {
  const ends = { timeout: () => new AbortController().signal, any: () => {} };
  noteDeadlines(ends);
  const val = { kind: "timeout", message: "no" };
  connect({ httpSendMany: (requests) => requests.map(() => ({ tag: "err", val })) });
  const fetching = [0, 60_000].map((time) => ownFetch(URL_A, { signal: ends.timeout(time) }));
  const settled = Promise.allSettled(fetching);
  await runAll();
  assert.deepEqual((await settled).map(({ reason }) => reason.name), ["TimeoutError", "TypeError"]);
});

test("a service that returns the response of fetch gets an error with the fix", async () => {
  const fake = new Fake({ default: { passes: () => fetch(URL_A) } });
  fake.route("GET", URL_A, Response.empty());
  const message = "response is a Response: await its json() or its text()";
  await assert.rejects(fake.call("passes"), { kind: "internal", message });
});

test("a clone has its own bytes", async () => {
  const response = new own.Response("ab");
  const clone = response.clone();
  (await response.bytes())[0] = 0;
  assert.equal(await clone.text(), "ab");
});

test("a fetch that is not awaited is dropped with a warning", async () => {
  const { calls, lines } = loopOf(answered);
  ownFetch(URL_A);
  ownFetch(URL_A);
  dropTimers();
  await runAll();
  assert.deepEqual(calls, []);
  assert.deepEqual(lines, [
    "warn: 2 of the call's fetches are not sent, because the service has already responded: " +
      "await them",
  ]);
});
