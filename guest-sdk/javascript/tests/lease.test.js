import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "../fake.js";
import { connect, host } from "../host.js";
import { Failure, cache } from "../index.js";

const MINUTE = { expiry: 60 };
const EARLY = { expiry: 60, early: 5 };

function fail() {
  throw Failure.conflict("no rates");
}

/** Connects a fake host on which these functions fail with this kind of error. */
function failing(kind, ...names) {
  const fake = new Fake();
  const fails = () => {
    const payload = { kind, message: "no response" };
    throw Object.assign(new Error(payload.message), { payload });
  };
  connect({ ...host, ...Object.fromEntries(names.map((name) => [name, fails])) });
  return fake;
}

/** Returns true if this call has the lease of the key. Ends the lease by storing a value. */
const hasLease = (key) => host.fill(key, "1");

test("a value is computed once until it expires", () => {
  const fake = new Fake();
  let calls = 0;
  const get = () => cache.getOrSet("k", () => ++calls, MINUTE);
  assert.deepEqual([get(), get()], [1, 1]);
  fake.advance(59.999);
  assert.equal(get(), 1);
  fake.advance(0.001);
  assert.deepEqual([get(), get()], [2, 2]);
  cache.getOrSet("unlimited", () => 1);
  assert.equal(cache.ttl("unlimited"), Infinity);
});

test("a hit is one read, and only a miss requests a lease", () => {
  const fake = new Fake();
  const reads = () => [fake.stats.hits, fake.stats.misses];
  cache.getOrSet("k", () => 1, MINUTE);
  assert.deepEqual(reads(), [0, 2]);
  cache.getOrSet("k", fail, MINUTE);
  assert.deepEqual(reads(), [1, 2]);
  cache.getOrSet("k", fail, EARLY);
  assert.deepEqual(reads(), [2, 2]);
});

test("undefined is a value that is stored as null", () => {
  new Fake();
  for (const options of [MINUTE, EARLY]) {
    for (const nothing of [undefined, null]) {
      assert.equal(cache.getOrSet("k", () => nothing, options), undefined);
      assert.equal(cache.getOrSet("k", fail, options), undefined);
      assert.equal(cache.getRaw("k"), "null");
      cache.delete("k");
    }
  }
});

test("a value is refreshed in its last seconds", () => {
  const fake = new Fake();
  const get = (value) => cache.getOrSet("k", () => value, EARLY);
  assert.equal(get(1), 1);
  fake.advance(55);
  assert.equal(get(2), 1);
  fake.advance(0.001);
  assert.equal(get(3), 3);
  assert.deepEqual([cache.get("k"), cache.ttl("k")], [3, 60]);
});

test("an error of the function is thrown, and the next call computes", async () => {
  const fake = new Fake();
  const isSame = (error) => error instanceof Failure && error.kind === "conflict";
  assert.throws(() => cache.getOrSet("k", fail, MINUTE), isSame);
  assert.equal(hasLease("k"), false);
  await assert.rejects(cache.getOrSet("k", async () => fail(), MINUTE), isSame);
  assert.equal(hasLease("k"), false);
  assert.equal(cache.getOrSet("k", () => 1, MINUTE), 1);
  assert.deepEqual(fake.logs, []);
});

test("an old value is returned if a refresh fails", async () => {
  const fake = new Fake();
  cache.set("k", 1.5, MINUTE);
  fake.advance(58);
  assert.equal(cache.getOrSet("k", fail, EARLY), 1.5);
  const warning = /^warn: the value under "k" could not be refreshed: Failure: no rates at .*lease/;
  assert.match(fake.logs[0], warning);
  assert.equal(hasLease("k"), false);
  assert.equal(await cache.getOrSet("k", async () => fail(), EARLY), 1.5);
  assert.match(fake.logs[1], warning);
  assert.equal(hasLease("k"), false);
  assert.equal(cache.getOrSet("k", () => NaN, EARLY), 1.5);
  assert.equal(fake.logs.length, 3);
  fake.advance(2);
  assert.throws(() => cache.getOrSet("k", fail, EARLY), { kind: "conflict" });
});

test("the result of an async function is awaited and then stored", async () => {
  const fake = new Fake();
  let go;
  const gate = new Promise((resolve) => (go = resolve));
  const promise = cache.getOrSet("k", () => gate.then(() => ({ a: 1 })), MINUTE);
  assert.ok(promise instanceof Promise);
  assert.equal(cache.exists("k"), false);
  go();
  assert.deepEqual(await promise, { a: 1 });
  assert.deepEqual(cache.getOrSet("k", fail), { a: 1 });
  assert.equal(cache.ttl("k"), 60);
  assert.equal(await cache.getOrSet("null", async () => null), undefined);
  assert.equal(await cache.getOrSet("null", async () => fail()), undefined);
  fake.hold("held");
  assert.equal(await cache.getOrSet("held", async () => null), undefined);
  assert.equal(cache.exists("held"), false);
});

test("a value that another call computes is computed and not stored", () => {
  const fake = new Fake();
  fake.hold("k");
  assert.equal(cache.getOrSet("k", () => 1, MINUTE), 1);
  assert.ok(Number.isNaN(cache.getOrSet("k", () => NaN, MINUTE)));
  assert.throws(() => cache.getOrSet("k", fail, MINUTE), { kind: "conflict" });
  assert.equal(cache.exists("k"), false);
  fake.letGo("k");
  assert.equal(cache.getOrSet("k", () => 3, MINUTE), 3);
  assert.equal(cache.get("k"), 3);
});

test("an old value is returned while another call computes the next", () => {
  const fake = new Fake();
  cache.set("k", 1, MINUTE);
  fake.advance(58);
  fake.hold("k");
  assert.equal(cache.getOrSet("k", () => 2, EARLY), 1);
  fake.letGo("k");
  assert.equal(cache.getOrSet("k", () => 2, EARLY), 2);
});

test("the lease of another call is not released", () => {
  const fake = new Fake();
  const compute = () => {
    fake.hold("k");
    fail();
  };
  assert.throws(() => cache.getOrSet("k", compute, MINUTE), { kind: "conflict" });
  assert.equal(cache.getOrSet("k", () => 1, MINUTE), 1);
  assert.equal(cache.exists("k"), false);
});

test("a value that was set meanwhile is not replaced", () => {
  for (const [change, stored] of [
    [() => cache.set("k", 7), "7"],
    [() => cache.setMany({ k: 7 }), "7"],
    [() => cache.setIfAbsent("k", 7), "7"],
    [() => cache.increment("k", 7), "7"],
    [() => cache.update("k", () => 7), "7"],
    [() => cache.getOrSet("k", () => 7), "7"],
    [() => cache.delete("k"), undefined],
    [() => cache.deletePrefix("k"), undefined],
    [() => cache.set("other", 7), "1"],
  ]) {
    new Fake();
    const compute = () => {
      change();
      return 1;
    };
    assert.equal(cache.getOrSet("k", compute, MINUTE), 1);
    assert.equal(cache.getRaw("k"), stored, String(change));
  }
});

test("a value that was changed meanwhile is not replaced by a refresh", () => {
  for (const [change, stored, old = 0] of [
    [() => cache.expire("k", 60), "0"],
    [() => cache.takeRaw("k"), undefined],
    [() => cache.deleteMany(["k"]), undefined],
    [() => cache.deletePrefix(""), undefined],
    [() => cache.deletePrefix("other"), "1"],
    [() => cache.setIfAbsent("k", 7), "1"],
    [() => cache.compareAndSwapRaw("k", "9", "7"), "0"],
    [() => assert.throws(() => cache.increment("k", Number.MAX_SAFE_INTEGER)), "1.5", 1.5],
  ]) {
    const fake = new Fake();
    cache.set("k", old, MINUTE);
    fake.advance(58);
    const compute = () => {
      change();
      return 1;
    };
    assert.equal(cache.getOrSet("k", compute, EARLY), 1);
    assert.equal(cache.getRaw("k"), stored, String(change));
  }
});

test("a value that may not have been stored is returned with a warning", async () => {
  const fake = failing("unavailable", "fill");
  const warning = 'warn: the value under "k" may not have been stored: CacheError: no response';
  assert.equal(cache.getOrSet("k", () => 1, MINUTE), 1);
  assert.equal(await cache.getOrSet("k", async () => 2, MINUTE), 2);
  assert.deepEqual(fake.logs.map((line) => line.slice(0, warning.length)), [warning, warning]);
});

test("a value that cannot be stored is an error, and the next call computes", () => {
  new Fake();
  const large = () => "v".repeat(1024 * 1024);
  assert.throws(() => cache.getOrSet("k", large, MINUTE), { kind: "too-large" });
  assert.equal(hasLease("k"), false);
  assert.throws(() => cache.getOrSet("k", () => ({ at: NaN }), MINUTE), /value\.at is NaN/);
  assert.equal(hasLease("k"), false);
  failing("denied", "fill", "release");
  assert.throws(() => cache.getOrSet("k", () => 1, MINUTE), { kind: "denied" });
  for (const name of ["get", "getOrLease"]) {
    failing("unavailable", name);
    assert.throws(() => cache.getOrSet("k", fail, MINUTE), { kind: "unavailable" });
  }
});

test("arguments are checked before anything is read or computed", () => {
  const fake = new Fake();
  for (const [options, kind, message] of [
    [{ expiry: 1.5 }, RangeError, /^expiry is 1\.5/],
    [{ expiry: "60" }, TypeError, /^expiry is "60"/],
    [{ expiry: 60, early: 0 }, RangeError, /^early is 0: it must be whole seconds/],
    [{ expiry: 60, early: 60 }, RangeError, /^early is 60 s: .* less than the expiry, 60 s$/],
    [{ early: 60 }, RangeError, /^early is 60 s, but there is no expiry: set a longer expiry$/],
    [{ wait: -1 }, RangeError, /^wait is -1: it must be 0 seconds or more/],
    [{ wait: NaN }, RangeError, /^wait is NaN/],
    [{ wait: "5" }, TypeError, /^wait is "5": it must be seconds/],
    [60, TypeError, /^expiry is an option: getOrSet\(key, compute, { expiry: 60 }\)/],
  ]) {
    assert.throws(() => cache.getOrSet("k", fail, options), (error) => {
      return error instanceof kind && message.test(error.message);
    });
  }
  assert.throws(() => cache.getOrSet("k", 5), /compute is 5: it must be a function/);
  assert.throws(() => cache.getOrSet(5, fail), TypeError);
  assert.deepEqual([fake.stats.hits, fake.stats.misses], [0, 0]);
});

test("a call waits for five seconds by default", () => {
  const waits = [];
  new Fake();
  const getOrLease = (_key, _early, wait) => {
    waits.push(wait);
    return { tag: "busy" };
  };
  connect({ ...host, getOrLease });
  for (const wait of [undefined, 0, 1.5, Infinity]) cache.getOrSet("k", () => 1, { wait });
  cache.getOrSet("k", () => 1);
  assert.deepEqual(waits, [5000, 0, 1500, 2 ** 32 - 1, 5000]);
});
