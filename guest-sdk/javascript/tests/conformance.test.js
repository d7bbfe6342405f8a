// Runs the scenarios on the fake. All languages share these scenarios.

// Do not import `node:assert/strict`: in the scenarios, -0 equals 0.
import assert from "node:assert";
import { readFileSync } from "node:fs";
import test from "node:test";

import * as plugin from "../conformance/conformance.js";
import { Fake } from "../fake.js";
import { host } from "../host.js";
import { HttpError, Request, Response } from "../index.js";

const scenarios = new URL("../../conformance/scenarios.json", import.meta.url);

for (const { name, steps } of JSON.parse(readFileSync(scenarios, "utf8"))) {
  test(name, async () => {
    const fake = new Fake(plugin);
    for (const step of steps) await check(fake, step);
  });
}

async function check(fake, step) {
  const { op, key, value, seconds, bytes } = step;
  if (op === "advance") return fake.advance(seconds);
  if (op === "host-set") return host.set(key, value);
  const sent = bytes ? { ...step, op: "set", value: "x".repeat(bytes - 2) } : step;
  const expected = step.except?.javascript ?? step;
  const { ok, error, message, failure, response, logged, warned, distinct } = expected;
  const logs = fake.logs.length;
  const answer = await fake.call("conformance", step.http ? requestOf(sent) : sent).then(
    (answer) => (response ? answer : answer.json()),
    ({ kind, message }) => ({ failure: [kind, message] }),
  );
  if (step.may_skip && answer.skip) return;
  if (distinct) return;
  if (failure) return assert.deepEqual(answer, { failure });
  if (response) checkResponse(answer, response);
  else checkAnswer(answer, { ok, error, message });
  const lines = fake.logs.slice(logs);
  if (warned) assert.deepEqual(lines.map((line) => line.split(": ")[0]), ["warn"]);
  else assert.deepEqual(lines, logged ? [logged.join(": ")] : []);
}

function checkAnswer(answer, { ok, error, message }) {
  const shown = answer.message;
  delete answer.message;
  assert.deepEqual(answer, error ? { error } : { ok });
  if (message) assert.ok(shown.includes(message), shown);
}

/** Returns the HTTP request of a step, with the step in a header. */
function requestOf({ http, ...step }) {
  const { method, path, query, path_params: pathParams, headers = [], content_type, body } = http;
  return new Request({
    contentType: content_type,
    body: new TextEncoder().encode(body),
    http: {
      ...{ method, path, query, pathParams },
      headers: [...headers, ["x-step", JSON.stringify(step)]],
    },
  });
}

/** Checks the expected members of a response. */
function checkResponse(answer, { status, headers, "content-type": contentType, body }) {
  const pairs = answer.headers.map(([name, value]) => [name, new TextDecoder().decode(value)]);
  if (status !== undefined) assert.equal(answer.status, status);
  if (contentType !== undefined) assert.equal(answer.contentType, contentType);
  if (headers !== undefined) assert.deepEqual(pairs, headers);
  if (typeof body === "string") assert.equal(answer.text(), body);
  else if (body !== undefined) assert.deepEqual({ ...answer.json(), ...body }, answer.json());
}

test("requests are sent one by one and together, and their results are shown", async () => {
  const fake = new Fake(plugin);
  fake.route("POST", "http://a.example/", ({ body }) => Response.bytes(body, { status: 201 }));
  fake.route("GET", "http://a.example/b", new HttpError("timeout", "late"));
  const headers = [["x-a", "1"], ["x-a", "2"]];
  const fields = { headers, body: "é", timeout: 1500, redirects: 0 };
  const post = { method: "POST", url: "http://a.example/", ...fields };
  const get = { ...post, method: "GET", url: "http://a.example/b", timeout: null };
  const type = [["content-type", "application/octet-stream"]];
  const answer = { status: 201, url: "http://a.example/", headers: type, body: "é" };
  const error = { error: "timeout", message: "late" };
  const sent = async (requests) => (await fake.call("http-send", requests)).json();
  assert.deepEqual(await sent([post]), [answer]);
  assert.deepEqual(await sent([get]), [error]);
  assert.deepEqual(await sent([get, post]), [error, answer]);
  const [first, second] = fake.requests;
  assert.deepEqual([first.timeout, first.redirects, first.headers.length], [1.5, 0, 2]);
  assert.equal(second.timeout, undefined);
});

test("concurrent requests are sent with fetch, and settings are shown", async () => {
  const fake = new Fake(plugin);
  const status = (url) => 200 + Number(url.at(-1));
  fake.route("GET", "http://a.example/*", ({ url }) => Response.empty({ status: status(url) }));
  const urls = ["http://a.example/4", "http://a.example/1"];
  assert.deepEqual((await fake.call("http-at-once", urls)).json(), [204, 201]);
  fake.settings = { b: "1", a: "" };
  const got = async (name) => (await fake.call("config-get", name)).json();
  assert.deepEqual([await got("a"), await got("b"), await got("c")], ["", "1", null]);
  assert.deepEqual((await fake.call("config-names")).json(), ["a", "b"]);
});
