import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "../fake.js";
import { cache } from "../index.js";

test("values of several keys are returned in the order of the keys", () => {
  const fake = new Fake();
  cache.setMany({ a: 1, b: [2], n: null });
  assert.deepEqual(cache.getMany(["b", "none", "a", "n", "a"]), [[2], undefined, 1, undefined, 1]);
  assert.deepEqual(cache.getMany(new Set(["a"])), [1]);
  assert.deepEqual(cache.getMany([]), []);
  assert.deepEqual([fake.stats.sets, fake.stats.hits, fake.stats.misses], [3, 5, 1]);
  cache.setRaw("big", "9007199254740993");
  assert.throws(() => cache.getMany(["a", "big"]), /the value under "big"/);
});

test("entries are an object, a Map or pairs, and the last value of a key is stored", () => {
  const fake = new Fake();
  cache.setMany(new Map([["m", 1]]), { expiry: 60 });
  cache.setMany([["p", 1], ["p", 2]]);
  cache.setMany(Object.assign(Object.create(null), { o: 1 }));
  cache.setMany({});
  assert.deepEqual(cache.getMany(["m", "p", "o"]), [1, 2, 1]);
  fake.advance(60);
  assert.deepEqual(cache.getMany(["m", "p"]), [undefined, 2]);
});

test("deleteMany counts the live entries", () => {
  const fake = new Fake();
  cache.setMany({ a: 1, b: 1 });
  assert.equal(cache.deleteMany(["a", "none", "a", "b"]), 2);
  assert.equal(cache.deleteMany([]), 0);
  assert.equal(fake.stats.deletes, 2);
});

test("one invalid argument refuses the whole call", () => {
  const fake = new Fake();
  cache.set("a", 1);
  const noNumber = 'the value for "b" is NaN, which is not a JSON number: use null or a string';
  for (const [act, error] of [
    [() => cache.setMany({ a: 2, b: NaN }), { name: "RangeError", message: noNumber }],
    [() => cache.setMany({ a: 2, "": 1 }), { kind: "invalid-key" }],
    [() => cache.setMany([["a", 2], ["b", "x".repeat(1024 * 1024)]]), { kind: "too-large" }],
    [() => cache.setMany([["a", 2], "bc"]), /^TypeError: entries\[1\] is "bc": .*pair/],
    [() => cache.setMany([["a", 2], [1, 2]]), /^TypeError: the key is 1: it must be a string/],
    [() => cache.setMany({ a: 2 }, { expiry: 0 }), RangeError],
    [() => cache.setMany({ a: 2 }, 60), /setMany\(entries, { expiry: 60 }\)/],
    [() => cache.deleteMany(["a", ""]), { kind: "invalid-key" }],
    [() => cache.deleteMany(["a", 1]), TypeError],
    [() => cache.getMany(["a", "\ud800"]), TypeError],
  ]) {
    assert.throws(act, error, String(act));
  }
  assert.equal(cache.get("a"), 1);
  const { sets, hits, deletes } = fake.stats;
  assert.deepEqual([sets, hits, deletes], [1, 1, 0]);
});

test("an argument that is not a list of keys or entries is refused", () => {
  new Fake();
  for (const keys of ["abc", undefined, null, 5, {}]) {
    assert.throws(() => cache.getMany(keys), { name: "TypeError", message: /array of keys/ });
    assert.throws(() => cache.deleteMany(keys), TypeError);
  }
  for (const entries of ["abc", undefined, null, 5, new Date(), () => {}]) {
    assert.throws(() => cache.setMany(entries), { name: "TypeError", message: /a Map, or pairs/ });
  }
});

test("more than a thousand keys are refused without a call", () => {
  const fake = new Fake();
  const keys = Array.from({ length: 1001 }, (_, at) => `k${at}`);
  const message = "1001 keys in one call: the maximum is 1000; make several calls";
  const tooLarge = { name: "CacheError", kind: "too-large", message };
  assert.throws(() => cache.getMany(keys), tooLarge);
  assert.throws(() => cache.deleteMany(keys), tooLarge);
  assert.throws(() => cache.setMany(keys.map((key) => [key, 1])), tooLarge);
  assert.deepEqual([fake.stats.sets, fake.stats.misses], [0, 0]);
  assert.equal(cache.getMany(keys.slice(1)).length, 1000);
});
