// Tests of the time that services on a fake see.

import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "../fake.js";
import { cache } from "../index.js";

const { Date: NodeDate, setTimeout: nodeSetTimeout, setInterval: nodeSetInterval } = globalThis;
const { now: nodeNow } = performance;

/** Checks that Node's clock and timers are restored. */
function checkRestored() {
  assert.equal(Date, NodeDate);
  assert.equal(setTimeout, nodeSetTimeout);
  assert.equal(setInterval, nodeSetInterval);
  assert.equal(performance.now, nodeNow);
  assert.equal(Object.hasOwn(performance, "now"), false);
}

/** Returns a fake with one service, and `call`, which returns the service's result itself. */
function fakeOf(service) {
  const kept = {};
  const fake = new Fake({
    default: {
      async service() {
        kept.value = await service();
      },
    },
  });
  return { fake, call: () => fake.call("service").then(() => kept.value) };
}

test("the time moves only when the test advances it, as for the cache", async () => {
  const { fake, call } = fakeOf(() => [Date.now(), new Date().getTime(), performance.now()]);
  const before = NodeDate.now();
  const [first, again] = [await call(), await call()];
  assert.deepEqual(first, again);
  assert.ok(Math.abs(first[0] - before) < 60_000);
  assert.equal(first[0], first[1]);
  fake.advance(86_400.5);
  const later = await call();
  const moved = later.map((time, at) => Math.round(time - first[at]));
  assert.deepEqual(moved, [86_400_500, 86_400_500, 86_400_500]);
  assert.equal(fake.now(), later[0]);
  checkRestored();
});

test("a service has the fake's time even after it waited, and the test the real time", async () => {
  let go;
  const gate = new Promise((resolve) => (go = resolve));
  const { fake, call } = fakeOf(async () => {
    const before = Date.now();
    await gate;
    return [before, Date.now(), new Date().getTime()];
  });
  const began = fake.now();
  fake.advance(86_400);
  const called = call();
  assert.ok(Date.now() < fake.now() - 80_000_000);
  assert.ok(new Date() < fake.now() - 80_000_000);
  assert.ok(performance.now() < 80_000_000);
  await new Promise((done) => setTimeout(done, 5));
  assert.equal(fake.now() - began, 86_400_000);
  fake.advance(5);
  go();
  assert.deepEqual(await called, [fake.now() - 5000, fake.now(), fake.now()]);
  checkRestored();
});

test("a date has the fake's time", async () => {
  const { fake, call } = fakeOf(() => {
    class Day extends Date {}
    return {
      ...{ now: new Date(), given: new Date(5), parts: new Date(2000, 1, 29), day: new Day() },
      ...{ text: Date(), utc: Date.UTC(2000), name: Date.name, isDate: new Date() instanceof Date },
    };
  });
  fake.advance(1000);
  const dates = await call();
  assert.deepEqual(dates.now, new Date(fake.now()));
  assert.deepEqual([dates.given, dates.parts], [new Date(5), new Date(2000, 1, 29)]);
  assert.equal(dates.day.getTime(), fake.now());
  assert.equal(dates.day.constructor.name, "Day");
  assert.equal(dates.text, new Date(fake.now()).toString());
  assert.deepEqual([dates.utc, dates.name, dates.isDate], [Date.UTC(2000), "Date", true]);
});

test("a timer of a service moves its clock", async () => {
  const { fake, call } = fakeOf(async () => {
    const start = Date.now();
    await new Promise((done) => setTimeout(done, 20));
    let times = 0;
    await new Promise((done) => {
      const every = setInterval(() => {
        if (++times === 3) done(clearInterval(every));
      }, 5);
    });
    cache.set("k", 1, { expiry: 1 });
    const dropped = setTimeout(() => assert.fail(), 5);
    clearTimeout(dropped);
    const got = await new Promise((done) => setTimeout(done, 0, "a"));
    return [Date.now() - start, got];
  });
  const before = fake.now();
  assert.deepEqual(await call(), [35, "a"]);
  assert.equal(fake.now(), before + 35);
  checkRestored();
});

test("each of two fakes has its own time, and the last call restores the real time", async () => {
  const gates = [];
  const wait = () => new Promise((resolve) => gates.push(resolve)).then(() => Date.now());
  const [one, two] = [fakeOf(wait), fakeOf(wait)];
  one.fake.advance(1000);
  two.fake.advance(2000);
  const calls = [one.call(), two.call()];
  gates[0]();
  assert.equal(await calls[0], one.fake.now());
  assert.notEqual(Date, NodeDate);
  gates[1]();
  assert.equal(await calls[1], two.fake.now());
  checkRestored();
});

test("a failing service restores the time, and a replacement by the test stays", async () => {
  const fake = new Fake({
    default: {
      throws() {
        throw new Error("no");
      },
      async rejects() {
        await null;
        throw new Error("no");
      },
      waits: () => new Promise((done) => setTimeout(done, 5)),
    },
  });
  await assert.rejects(fake.call("throws"));
  checkRestored();
  await assert.rejects(fake.call("rejects"));
  checkRestored();
  const called = fake.call("waits");
  const own = () => 5;
  globalThis.setInterval = own;
  try {
    await called;
    assert.equal(globalThis.setInterval, own);
  } finally {
    globalThis.setInterval = nodeSetInterval;
  }
  checkRestored();
});
