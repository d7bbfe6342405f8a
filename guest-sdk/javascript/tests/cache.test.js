import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "../fake.js";
import { CacheError, Failure, cache } from "../index.js";

test("an entry is missing from the instant of its expiry", () => {
  const fake = new Fake();
  cache.set("k", 1, { expiry: 1 });
  fake.advance(0.999);
  assert.equal(cache.get("k"), 1);
  fake.advance(0.001);
  assert.equal(cache.get("k"), undefined);
  assert.equal(cache.exists("k"), false);
  const { sets, hits, misses, exists, deletes } = fake.stats;
  assert.deepEqual([sets, hits, misses, exists, deletes], [1, 1, 1, 1, 0]);
});

test("a later set replaces the expiry too", () => {
  const fake = new Fake();
  cache.set("k", 1, { expiry: 1 });
  cache.set("k", 2);
  fake.advance(1000);
  assert.equal(cache.get("k"), 2);
});

test("only exists distinguishes a stored null from a missing key", () => {
  new Fake();
  cache.set("k", null);
  assert.deepEqual([cache.get("k"), cache.getInteger("k")], [undefined, undefined]);
  assert.deepEqual([cache.exists("k"), cache.exists("none")], [true, false]);
  assert.deepEqual([cache.getRaw("k"), cache.getRaw("none")], ["null", undefined]);
  cache.setRaw("k", " null\n");
  assert.deepEqual([cache.get("k"), cache.getInteger("k")], [undefined, undefined]);
});

test("an integer is exact or refused", () => {
  new Fake();
  cache.set("most", Number.MAX_SAFE_INTEGER);
  assert.equal(cache.getInteger("most"), Number.MAX_SAFE_INTEGER);
  for (const value of [1.5, "7", true, [1], Number.MAX_SAFE_INTEGER + 1]) {
    cache.set("k", value);
    assert.throws(() => cache.getInteger("k"), /getRaw/);
  }
});

test("an expiry that is not whole seconds is refused before the call", () => {
  new Fake();
  cache.set("k", "old", { expiry: 60 });
  for (const expiry of [0, -1, 1.5, NaN, Infinity, 2 ** 32 + 60, 315_360_001]) {
    assert.throws(() => cache.set("k", 1, { expiry }), RangeError);
  }
  for (const expiry of [null, "60", 60n, true]) {
    assert.throws(() => cache.set("k", 1, { expiry }), TypeError);
  }
  for (const options of [60, "60", null, { expire: 60 }, { ttl: 60 }]) {
    assert.throws(() => cache.set("k", 1, options), TypeError);
  }
  assert.equal(cache.get("k"), "old");
  cache.set("k", 1, { expiry: 315_360_000 });
  cache.set("k", 1, { expiry: undefined });
});

test("an expiry that could be rounded or converted names the call", () => {
  new Fake();
  assert.throws(() => cache.set("k", 1, { expiry: 59.7 }), /; write Math\.round\(59\.7\)$/);
  assert.throws(() => cache.set("k", 1, { expiry: "60" }), /"60".*; write Number\(\.\.\)$/);
  cache.set("k", 1, { expiry: 60.0 });
});

test("a default is refused with the fix, whether or not the key exists", () => {
  const fake = new Fake();
  for (const given of [0, "", 5, null, [], {}, false]) {
    for (const present of [false, true]) {
      if (present) cache.set("k", 1);
      else cache.delete("k");
      for (const read of ["get", "getInteger", "getRaw"]) {
        assert.throws(() => cache[read]("k", given), (error) => {
          return error instanceof TypeError && error.message.includes(`cache.${read}(key) ?? `);
        });
      }
    }
  }
  assert.throws(() => cache.get("k", 5), /cache\.get\(key\) \?\? 5$/);
  assert.equal(fake.stats.hits + fake.stats.misses, 0);
  assert.equal(cache.get("none", undefined) ?? 5, 5);
});

test("an unknown method lists the methods of the cache", async () => {
  new Fake();
  for (const name of ["has", "del", "clear", "wrap", "incr", "mget"]) {
    const has =
      "get, getInteger, getRaw, set, setRaw, delete, exists, setIfAbsent, increment, " +
      "compareAndSwapRaw, update, take, takeRaw, getOrSet, getMany, setMany, deleteMany, ttl, " +
      "expire, keys, deletePrefix";
    const message = `cache.${name} is not offered; cache has: ${has}`;
    assert.throws(() => cache[name]("k"), { name: "TypeError", message });
    assert.equal(name in cache, false);
  }
  assert.equal(await cache, cache);
  assert.equal(`${cache}`, "[object Object]");
  assert.equal(JSON.stringify({ cache }), '{"cache":{}}');
});

test("an unknown option is refused with the available ones", () => {
  new Fake();
  const only = (method, names) => ({ message: `${method} has no option ttl, only ${names}` });
  assert.throws(() => cache.set("k", 1, { ttl: 5 }), only("set", "expiry"));
  assert.throws(() => cache.setRaw("k", "1", { ttl: 5 }), only("setRaw", "expiry"));
  assert.throws(() => cache.setIfAbsent("k", 1, { ttl: 5 }), only("setIfAbsent", "expiry"));
  assert.throws(() => cache.increment("k", 1, { ttl: 5 }), only("increment", "expiry"));
  assert.throws(() => cache.setMany({}, { ttl: 5 }), only("setMany", "expiry"));
  const swap = () => cache.compareAndSwapRaw("k", "1", "2", { ttl: 5 });
  assert.throws(swap, only("compareAndSwapRaw", "expiry"));
  const compute = () => cache.getOrSet("k", () => 1, { ttl: 5 });
  assert.throws(compute, only("getOrSet", "expiry, early, wait"));
  const direct = /^expiry is an option: setIfAbsent\(key, value, { expiry: 5 }\)$/;
  assert.throws(() => cache.setIfAbsent("k", 1, 5), { message: direct });
});

test("a raw text is stored unchanged or refused", () => {
  const fake = new Fake();
  const text = ' { "a" : 18446744073709551615 , "a" : -0 } ';
  cache.setRaw("k", text, { expiry: 60 });
  for (const refused of ["", "nope", "[1,]", "1e400", '"\\ud800"', "\ufeff1"]) {
    assert.throws(() => cache.setRaw("k", refused), { name: "CacheError", kind: "invalid-value" });
  }
  for (const refused of [1, null, undefined, {}, "\ud800", '"\udc00"']) {
    assert.throws(() => cache.setRaw("k", refused), TypeError);
  }
  assert.throws(() => cache.setRaw("k", "1", 60), TypeError);
  assert.equal(cache.getRaw("k"), text);
  fake.advance(60);
  assert.equal(cache.exists("k"), false);
});

test("an invalid key is refused", () => {
  new Fake();
  for (const key of [undefined, null, 1, {}, "\ud800"]) {
    assert.throws(() => cache.get(key), TypeError);
    assert.throws(() => cache.set(key, 1), TypeError);
  }
  for (const key of ["", "é".repeat(513)]) {
    assert.throws(() => cache.delete(key), (error) => error.kind === "invalid-key");
  }
});

test("an error of the host is a CacheError with its kind", () => {
  new Fake();
  cache.set("k", "x".repeat(1024 * 1024 - 2));
  const refused = (error) => error instanceof CacheError && error.kind === "too-large";
  assert.throws(() => cache.set("k", "x".repeat(1024 * 1024 - 1)), refused);
});

test("an unavailable cache is an unavailable failure, any other error internal", async () => {
  const fake = new Fake({
    default: {
      away() {
        throw new CacheError("unavailable", "no response in 250 ms");
      },
      odd() {
        throw "a text";
      },
    },
  });
  const unavailable = { name: "Failure", kind: "unavailable", message: "no response in 250 ms" };
  await assert.rejects(fake.call("away"), unavailable);
  await assert.rejects(fake.call("odd"), { kind: "internal", message: "a text" });
  assert.throws(() => new Failure("teapot", "short and stout"), TypeError);
});
