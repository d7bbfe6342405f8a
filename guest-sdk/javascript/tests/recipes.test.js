// Tests of the recipes in the docs, copied verbatim.

import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "../fake.js";
import { Failure, Request, cache } from "../index.js";

function checkRate(request) {
  if (cache.increment(`calls:${request.clientAddress()}`, 1, { expiry: 60 }) > 100) {
    throw Failure.tooManyRequests("at most 100 calls a minute").withHeader("Retry-After", 60);
  }
}

function issue(token, user) {
  cache.set(`token:${token}`, user, { expiry: 600 });
}

function redeem(token) {
  const user = cache.take(`token:${token}`);
  if (user === undefined) throw Failure.unauthorized("the link is used or has expired");
  return user;
}

async function report(make) {
  const mine = crypto.randomUUID();
  if (!cache.setIfAbsent("lock:report", mine, { expiry: 30 })) {
    throw Failure.conflict("the report is being made");
  }
  try {
    await make();
  } finally {
    cache.compareAndSwapRaw("lock:report", JSON.stringify(mine), undefined);
  }
}

function lastSearches(user, search) {
  return cache.update(`searches:${user}`, (searches = []) => [search, ...searches].slice(0, 3));
}

function price(item) {
  const generation = cache.getOrSet("prices", () => crypto.randomUUID());
  const key = `price:${generation}:${item}`;
  return cache.getOrSet(key, () => readPrice(item), { expiry: 3600 });
}

function dropPrices() {
  cache.delete("prices");
}

let reads = 0;

function readPrice() {
  reads += 1;
  return reads;
}

test("a caller can make a hundred calls a minute", () => {
  const fake = new Fake();
  const requestOf = (client) => new Request({ http: { client } });
  const refused = { kind: "too-many-requests", headers: [["retry-after", "60"]] };
  for (let port = 0; port < 100; port++) checkRate(requestOf(`192.0.2.1:${port}`));
  assert.throws(() => checkRate(requestOf("192.0.2.1:7")), refused);
  checkRate(requestOf("192.0.2.2:7"));
  fake.advance(60);
  checkRate(requestOf("192.0.2.1:7"));
});

test("a token is redeemed once and before it expires", () => {
  const fake = new Fake();
  issue("abc123", "ada");
  assert.equal(redeem("abc123"), "ada");
  assert.throws(() => redeem("abc123"), { kind: "unauthorized" });
  issue("abc123", "ada");
  fake.advance(600);
  assert.throws(() => redeem("abc123"), { kind: "unauthorized" });
});

test("a lock has one holder, and only the holder releases it", async () => {
  const fake = new Fake();
  await assert.rejects(report(() => report(() => {})), { kind: "conflict" });
  assert.equal(cache.exists("lock:report"), false);
  await report(() => {
    fake.advance(30);
    assert.equal(cache.setIfAbsent("lock:report", "another"), true);
  });
  assert.equal(cache.get("lock:report"), "another");
});

test("the last three searches are stored", () => {
  new Fake();
  for (const search of "abc") lastSearches("ada", search);
  assert.deepEqual(lastSearches("ada", "d"), ["d", "c", "b"]);
});

test("prices are read once until all are deleted", () => {
  new Fake();
  const first = price("tea");
  assert.equal(price("tea"), first);
  dropPrices();
  assert.deepEqual([price("tea"), price("tea")], [first + 1, first + 1]);
});
