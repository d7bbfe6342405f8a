// Tests of bodies validated with a schema. The schemas imitate libraries with Standard Schema.

import assert from "node:assert/strict";
import test from "node:test";

import { Request } from "../index.js";

const schemaOf = (validate) => ({ "~standard": { version: 1, vendor: "test", validate } });

/** Returns a schema that accepts every value and converts it. */
const makes = (make) => schemaOf((value) => ({ value: make(value) }));

const refuses = (...issues) => schemaOf(() => ({ issues }));

const request = (text) => new Request({ body: new TextEncoder().encode(text) });

test("the result is the value that the schema returns", () => {
  assert.deepEqual(request('{"a":1}').json(makes(({ a }) => [a, 2])), [1, 2]);
  assert.equal(request("").json(makes(() => "nothing")), "nothing");
  // Schemas of arktype are functions.
  const called = Object.assign(() => {}, makes((value) => value + 1));
  assert.equal(request("1").json(called), 2);
});

/**
 * Imitates the paths of arktype: `map` would pass the length to the constructor, which would add
 * the length as an element.
 */
class Path extends Array {
  constructor(...keys) {
    super();
    this.push(...keys);
  }
}

test("issues are a bad request with their places", () => {
  for (const [issues, message] of [
    [[{ message: "no" }], "the request body: no"],
    [[{ message: "no", path: [] }], "the request body: no"],
    [[{ message: "no", path: new Path() }], "the request body: no"],
    [[{ message: "no", path: ["a", 0, "b c"] }], 'the request body: a[0]["b c"]: no'],
    [[{ message: "no", path: [{ key: "a" }, { key: 1 }] }], "the request body: a[1]: no"],
    [[{ message: "x", path: [0] }, { message: "y" }], "the request body: [0]: x; y"],
    [Array(9).fill({ message: "x" }), "the request body: x; x; x; x; x"],
  ]) {
    assert.throws(() => request("1").json(refuses(...issues)), { kind: "bad-request", message });
  }
});

test("an empty body that the schema refuses is a bad request, and so is invalid JSON", () => {
  const empty = { kind: "bad-request", message: "the request needs a JSON body and has none" };
  assert.throws(() => request("").json(refuses({ message: "no" })), empty);
  assert.throws(() => request("{").json(makes(() => 1)), { kind: "bad-request" });
});

test("an invalid schema, or an asynchronous one, is a TypeError", () => {
  for (const schema of [{}, null, "text", () => {}]) {
    const message = /^the schema must be a Standard Schema/;
    assert.throws(() => request("1").json(schema), { name: "TypeError", message });
  }
  const waits = schemaOf(async (value) => ({ value }));
  const message = /^the schema validates asynchronously/;
  assert.throws(() => request("1").json(waits), { name: "TypeError", message });
});
