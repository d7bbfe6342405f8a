// The scenarios that every language passes in a host pass on the fake as well.

// Not the strict comparison: -0 and 0 are one number in the scenarios.
import assert from "node:assert";
import { readFileSync } from "node:fs";
import test from "node:test";

import * as plugin from "../conformance/conformance.js";
import { Fake } from "../fake.js";
import { host } from "../host.js";
import { HttpError, Response } from "../index.js";

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
  const { ok, error, message, failure, logged, warned, distinct } = step.except?.javascript ?? step;
  const logs = fake.logs.length;
  const answer = await fake.call("conformance", sent).then(
    (response) => response.json(),
    ({ kind, message }) => ({ failure: [kind, message] }),
  );
  if (step.may_skip && answer.skip) return;
  if (distinct) return;
  if (failure) return assert.deepEqual(answer, { failure });
  const told = answer.message;
  delete answer.message;
  assert.deepEqual(answer, error ? { error } : { ok });
  if (message) assert.ok(told.includes(message), told);
  const lines = fake.logs.slice(logs);
  if (warned) assert.deepEqual(lines.map((line) => line.split(": ")[0]), ["warn"]);
  else assert.deepEqual(lines, logged ? [logged.join(": ")] : []);
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

test("requests at once are those of fetch, and settings are shown", async () => {
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
