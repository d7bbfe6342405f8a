import assert from "node:assert/strict";
import test from "node:test";

import { fromText as read, toText } from "../json.js";

const fromText = (text) => read(text, false);
const text = (value) => toText(value, "value", 100);

/** Returns the number 1 inside this many nested arrays. */
const nested = (levels) => (levels === 0 ? 1 : [nested(levels - 1)]);

test("a value with a JSON form is written and read back", () => {
  const values = ["a\"\\\n\0😀\u2028", 0, 1.5, 5e-324, 1e308, true, null, [], {}, [1, [2]]];
  for (const value of [...values, { b: 1, a: { "": [null] } }, Object.create(null)]) {
    assert.deepEqual(fromText(text(value)), value === null ? null : structuredClone(value));
  }
  assert.equal(text({ b: 1, a: [-0, "x"] }), '{"b":1,"a":[-0.0,"x"]}');
  assert.equal(text(JSON.parse('{"__proto__":2}')), '{"__proto__":2}');
  assert.equal(text(nested(100)).length, 201);
});

test("a value without a JSON form is refused with its place", () => {
  const cycle = {};
  cycle.self = [cycle];
  const named = Object.assign([1], { total: 1 });
  const hidden = Object.defineProperty({ a: 1 }, Symbol("own"), { value: 1, enumerable: false });
  assert.equal(text(hidden), '{"a":1}');
  for (const [value, Kind, reason] of [
    [undefined, TypeError, "value is undefined"],
    [{ a: undefined }, TypeError, "value.a is undefined"],
    [[1, , 2], TypeError, "value[1] is undefined"],
    [() => {}, TypeError, "value is a function"],
    [{ items: [1, 2, new Date()] }, TypeError, "value.items[2] is a Date"],
    [{ "a b": Symbol.iterator }, TypeError, 'value["a b"] is a symbol'],
    [2n ** 70n, TypeError, "value is a BigInt"],
    [NaN, RangeError, "value is NaN"],
    [[-Infinity], RangeError, "value[0] is -Infinity"],
    [new Map(), TypeError, "value is a Map: store Object.fromEntries"],
    [new Set(), TypeError, "value is a Set"],
    [new Uint8Array(1), TypeError, "value is a Uint8Array"],
    [new (class Order {})(), TypeError, "value is a Order"],
    [{ toJSON: () => 1 }, TypeError, "value.toJSON is a function"],
    [{ a: [{ [Symbol("s")]: 1 }] }, TypeError, "value.a[0] has the key Symbol(s)"],
    [Object.assign([], { [Symbol.iterator]: 1 }), TypeError, "has the key Symbol(Symbol.iterator)"],
    [{ rows: [named] }, TypeError, "value.rows[0].total is a property of an array"],
    ["ab".match(/b/), TypeError, "value.index is a property of an array"],
    ["\ud800", TypeError, "value contains a lone surrogate"],
    [{ "\udc00": 1 }, TypeError, "contains a lone surrogate"],
    [cycle, RangeError, "value.self[0].self[0]"],
    [nested(101), RangeError, "too deep"],
  ]) {
    const refused = (error) => error instanceof Kind && error.message.includes(reason);
    assert.throws(() => text(value), refused, reason);
  }
});

test("a large whole number and -0 are written as floats", () => {
  for (const [value, written] of [
    [2 ** 53 - 1, "9007199254740991"],
    [2 ** 53, "9007199254740992.0"],
    [-(2 ** 60), "-1152921504606847000.0"],
    [1e20, "100000000000000000000.0"],
    [1e21, "1e+21"],
    [-0, "-0.0"],
    [{ "a b": [{}, [2 ** 53], null, "2 ** 53"] }, '{"a b":[{},[9007199254740992.0],null,"2 ** 53"]}'],
  ]) {
    assert.equal(text(value), written);
    assert.deepStrictEqual(fromText(written), value);
  }
});

test("a number with any bits is read back unchanged", () => {
  const bits = new BigUint64Array(1);
  const number = new Float64Array(bits.buffer);
  let state = 1n;
  for (let round = 0; round < 20_000; round++) {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    bits[0] = state;
    // Every second number is an integer of up to 72 bits.
    const value = round % 2 ? number[0] : Math.round(Number(state) * 2 ** ((round % 40) - 30));
    if (!Number.isFinite(value)) continue;
    assert.ok(Object.is(read(text(value), true), value), `${value}: ${text(value)}`);
    assert.ok(Object.is(read(text([value]), true)[0], value), `[${value}]: ${text([value])}`);
  }
});

test("a number that would be rounded is refused at any place", () => {
  for (const refused of [
    "9007199254740993",
    "-9007199254740993",
    "1180591620717411303425",
    '{"a":[1,9007199254740993]}',
    '["\\\\\\"",9007199254740993]',
    '[" \\\\",9007199254740993]',
    "1e400",
    "[-1e999]",
  ]) {
    assert.throws(() => fromText(refused), RangeError, refused);
  }
  for (let spaces = 0; spaces < 16; spaces++) {
    const refused = `[${" ".repeat(spaces)}9007199254740993]`;
    assert.throws(() => read(refused, true), RangeError, refused);
  }
});

test("a number that only looks large is read", () => {
  for (const looks of [
    "9007199254740991",
    "-9007199254740992",
    "[9007199254740992, 1180591620717411303424, 100000000000000000000]",
    "1e20",
    "[1e300, 0.1234567890123456789, 9007199254740992.0]",
    '{"9007199254740993":"9007199254740993 \\" 9007199254740993"}',
    '"9007199254740993"',
  ]) {
    assert.deepEqual(fromText(looks), JSON.parse(looks));
  }
});
