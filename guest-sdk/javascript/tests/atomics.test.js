import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "../fake.js";
import { connect, host } from "../host.js";
import { CacheError, Failure, cache } from "../index.js";

test("an existing entry stays unchanged, even if it is null", () => {
  const fake = new Fake();
  assert.equal(cache.setIfAbsent("k", null, { expiry: 60 }), true);
  assert.equal(cache.setIfAbsent("k", 1), false);
  assert.equal(cache.getRaw("k"), "null");
  fake.advance(60);
  assert.equal(cache.setIfAbsent("k", 1), true);
  assert.equal(cache.ttl("k"), Infinity);
  assert.throws(() => cache.setIfAbsent("k", NaN), RangeError);
});

test("a count begins at 0 and keeps its first expiry", () => {
  const fake = new Fake();
  assert.equal(cache.increment("k", 1, { expiry: 60 }), 1);
  fake.advance(59);
  assert.equal(cache.increment("k", 5, { expiry: 60 }), 6);
  assert.equal(cache.increment("k", -7), -1);
  assert.equal(cache.increment("k", 0), -1);
  fake.advance(1);
  assert.equal(cache.increment("k"), 1);
  assert.equal(fake.stats.increments, 5);
});

test("a delta that is not an integer is refused", () => {
  const fake = new Fake();
  for (const delta of [1.5, NaN, Infinity, 2 ** 53, -(2 ** 53)]) {
    assert.throws(() => cache.increment("k", delta), {
      name: "RangeError",
      message: `delta is ${delta}: it must be an integer from -(2^53 - 1) to 2^53 - 1`,
    });
  }
  for (const [delta, fix] of [
    ["1", /"1".*; write Number\(\.\.\)$/],
    [1n, /; write Number\(\.\.\)$/],
    [{ expiry: 60 }, /{\.\.}.*; options come after it$/],
    [null, /null: .* 2\^53 - 1$/],
    [true, /true/],
  ]) {
    assert.throws(() => cache.increment("k", delta), { name: "TypeError", message: fix });
  }
  assert.throws(() => cache.increment("k", 1, { expiry: 0 }), RangeError);
  assert.equal(fake.stats.increments, 0);
});

test("increment refuses a value that is not an integer, and never rounds a sum", () => {
  new Fake();
  const refused = { name: "CacheError", kind: "invalid-value" };
  for (const text of ["1.0", "1e2", "-0", '"1"', "null", " 1", "[1]", "9007199254740992"]) {
    cache.setRaw("k", text);
    assert.throws(() => cache.increment("k"), refused, text);
    assert.equal(cache.getRaw("k"), text);
  }
  cache.set("k", Number.MAX_SAFE_INTEGER);
  assert.throws(() => cache.increment("k", Number.MAX_SAFE_INTEGER), {
    ...refused,
    message: "the sum of 9007199254740991 and 9007199254740991 is not from -(2^53 - 1) to 2^53 - 1",
  });
  assert.equal(cache.increment("k", -Number.MAX_SAFE_INTEGER), 0);
});

test("an entry is swapped if its text is the expected one", () => {
  const fake = new Fake();
  const swap = (...given) => cache.compareAndSwapRaw("k", ...given);
  assert.deepEqual(swap("1", "2"), { swapped: false, current: undefined });
  assert.deepEqual(swap(undefined, "1"), { swapped: true });
  assert.deepEqual(swap(undefined, "2"), { swapped: false, current: "1" });
  assert.deepEqual(swap("1.0", "2"), { swapped: false, current: "1" });
  assert.deepEqual(swap("1", undefined), { swapped: true });
  assert.deepEqual(swap(undefined, undefined), { swapped: true });
  assert.equal(cache.exists("k"), false);
  assert.equal(fake.stats.swaps, 2);
});

test("a swapped entry keeps its expiry unless another is given", () => {
  new Fake();
  const ttlAfter = (expiry) => {
    cache.set("k", 1, { expiry: 60 });
    assert.equal(cache.compareAndSwapRaw("k", "1", "2", { expiry }).swapped, true);
    return cache.ttl("k");
  };
  const all = [undefined, "keep", "unlimited", 5].map(ttlAfter);
  assert.deepEqual(all, [60, 60, Infinity, 5]);
  for (const expiry of [0, 1.5, -1]) {
    const message = /whole seconds, .*, or "keep" or "unlimited"/;
    assert.throws(() => ttlAfter(expiry), { name: "RangeError", message });
  }
  assert.throws(() => ttlAfter("60"), TypeError);
  // If the call removes the entry, it ignores `expiry`, even an invalid one.
  cache.set("k", 1);
  assert.equal(cache.compareAndSwapRaw("k", "1", undefined, { expiry: 0 }).swapped, true);
});

test("a text to swap is a JSON text or undefined", () => {
  new Fake();
  const swap = (...given) => () => cache.compareAndSwapRaw("k", ...given);
  assert.throws(swap(null, "1"), /the expected text is null: use undefined for no entry/);
  assert.throws(swap("1", null), /the wanted text is null/);
  assert.throws(swap("1", 2), /the wanted text is 2: it must be a string/);
  assert.throws(swap("1", "\ud800"), /a lone surrogate/);
  assert.throws(swap("{", "1"), { kind: "invalid-value" });
  assert.throws(swap(undefined, "{"), { kind: "invalid-value" });
});

test("update passes the old value to its function", () => {
  const fake = new Fake();
  const add = (word) => cache.update("k", (words = []) => [...words, word]);
  assert.deepEqual(add("a"), ["a"]);
  cache.expire("k", 60);
  assert.deepEqual(add("b"), ["a", "b"]);
  assert.equal(cache.ttl("k"), 60);
  cache.set("k", null);
  assert.deepEqual(add("c"), ["c"]);
  assert.equal(fake.stats.swaps, 3);
});

test("a failed update leaves the entry unchanged", () => {
  new Fake();
  cache.set("k", [1]);
  const fails = (act) => () => cache.update("k", act);
  assert.throws(fails(() => { throw Failure.conflict("no"); }), { kind: "conflict" });
  assert.throws(fails((list) => { list.push(2); }), /value is undefined/);
  assert.throws(fails(async (list) => list), /value is a Promise: await it first/);
  assert.throws(fails(5), /change is 5: it must be a function/);
  cache.setRaw("big", "9007199254740993");
  assert.throws(() => cache.update("big", () => 1), /does not fit a number/);
  assert.deepEqual(cache.get("k"), [1]);
});

test("update tries again after a concurrent change, at most a hundred times", () => {
  new Fake();
  let calls = 0;
  const lose = (times) => (old = 0) => {
    if (calls++ < times) cache.increment("k", 10);
    return old + 1;
  };
  assert.equal(cache.update("k", lose(3)), 31);
  assert.equal(calls, 4);
  calls = 0;
  const message = 'the value under "k" is not updated: other callers changed it 100 times';
  const unavailable = { name: "CacheError", kind: "unavailable", message };
  assert.throws(() => cache.update("k", lose(Infinity)), unavailable);
  assert.equal(calls, 100);
});

test("a write with an unknown result is not repeated", () => {
  new Fake();
  let calls = 0;
  const compareAndSwap = () => {
    calls++;
    const payload = { kind: "unavailable", message: "no response" };
    throw Object.assign(new Error(payload.message), { payload });
  };
  connect({ ...host, compareAndSwap });
  const unavailable = (error) => error instanceof CacheError && error.kind === "unavailable";
  assert.throws(() => cache.update("k", () => 1), unavailable);
  assert.equal(calls, 1);
});

test("only one of two callers takes a value", () => {
  const fake = new Fake();
  cache.set("k", { a: 1 });
  assert.deepEqual([cache.take("k"), cache.take("k")], [{ a: 1 }, undefined]);
  cache.setRaw("k", "1.0");
  assert.deepEqual([cache.takeRaw("k"), cache.takeRaw("k")], ["1.0", undefined]);
  cache.set("k", null);
  assert.deepEqual([cache.take("k"), cache.exists("k")], [undefined, false]);
  assert.equal(fake.stats.takes, 3);
  cache.set("k", 1);
  for (const name of ["take", "takeRaw"]) {
    const message = new RegExp(`cache\\.${name}\\(key\\) \\?\\? 5`);
    assert.throws(() => cache[name]("k", 5), { message });
  }
  assert.equal(cache.exists("k"), true);
});

test("update refuses options, and the error explains how to set an expiry", () => {
  new Fake();
  assert.throws(() => cache.update("k", () => 1, { expiry: 60 }), /takes no options.*cache\.expire/);
  assert.equal(cache.exists("k"), false);
});
