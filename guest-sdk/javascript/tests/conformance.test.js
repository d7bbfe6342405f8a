// The scenarios that every language passes in a host pass on the fake as well.

// Not the strict comparison: -0 and 0 are one number in the scenarios.
import assert from "node:assert";
import { readFileSync } from "node:fs";
import test from "node:test";

import * as plugin from "../conformance/conformance.js";
import { Fake } from "../fake.js";
import { host } from "../host.js";

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
