import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "../fake.js";
import { connect, host } from "../host.js";
import { cache } from "../index.js";

test("the time left is rounded up", () => {
  const fake = new Fake();
  assert.equal(cache.ttl("k"), undefined);
  cache.set("k", 1);
  assert.equal(cache.ttl("k"), Infinity);
  cache.set("k", 1, { expiry: 3 });
  assert.equal(cache.ttl("k"), 3);
  fake.advance(2.001);
  assert.equal(cache.ttl("k"), 1);
  fake.advance(0.999);
  assert.equal(cache.ttl("k"), undefined);
  assert.equal(fake.stats.hits, 0);
});

test("expire sets an expiry that is counted from now, or removes it", () => {
  const fake = new Fake();
  assert.equal(cache.expire("k", 5), false);
  cache.set("k", 1, { expiry: 5 });
  fake.advance(4);
  assert.equal(cache.expire("k", 5), true);
  assert.equal(cache.ttl("k"), 5);
  assert.equal(cache.expire("k", "unlimited"), true);
  assert.equal(cache.ttl("k"), Infinity);
  assert.equal(fake.stats.expires, 2);
  for (const expiry of [0, 1.5, Infinity]) {
    const refused = { name: "RangeError", message: /or "unlimited"/ };
    assert.throws(() => cache.expire("k", expiry), refused);
  }
  for (const expiry of [undefined, null, "60", { expiry: 60 }]) {
    assert.throws(() => cache.expire("k", expiry), TypeError);
  }
});

test("keys are returned from all pages", () => {
  new Fake();
  for (let at = 0; at < 2500; at++) cache.set(`p*:${at}`, at);
  cache.set("px:1", 1);
  const pages = [];
  const keys = (prefix, cursor) => {
    pages.push(cursor);
    return hostKeys(prefix, cursor);
  };
  const { keys: hostKeys } = host;
  connect({ ...host, keys });
  const walk = cache.keys("p*:");
  assert.deepEqual(pages, []);
  const first = walk.next().value;
  assert.equal(pages.length, 1);
  const found = new Set([first, ...walk]);
  assert.deepEqual([found.size, pages.length], [2500, 3]);
  assert.equal(found.has("p*:2499"), true);
  assert.deepEqual([...cache.keys("none")], []);
  assert.equal([...cache.keys("")].length, 2501);
});

test("deletePrefix deletes entries from all pages", () => {
  const fake = new Fake();
  for (let at = 0; at < 2500; at++) cache.set(`p:${at}`, at, { expiry: at < 5 ? 1 : 60 });
  cache.set("q:1", 1);
  fake.advance(1);
  assert.equal(cache.deletePrefix("p:"), 2495);
  assert.equal(cache.deletePrefix("p:"), 0);
  assert.deepEqual([...cache.keys("")], ["q:1"]);
  assert.equal(fake.stats.deletes, 2495);
});

test("an invalid prefix is refused before the iteration", () => {
  new Fake();
  cache.set("k", 1);
  for (const prefix of [undefined, null, 5]) {
    const message = `the prefix is ${prefix}: it must be a string`;
    assert.throws(() => cache.keys(prefix), { name: "TypeError", message });
    assert.throws(() => cache.deletePrefix(prefix), { name: "TypeError", message });
  }
  assert.throws(() => cache.keys("\ud800"), /the prefix .* a lone surrogate/);
  assert.equal(cache.exists("k"), true);
});
