import assert from "node:assert/strict";
import test from "node:test";

import { fromText as read, toText } from "../json.js";

const fromText = (text) => read(text, false);
const text = (value) => toText(value, "value", 100);

/** An array in so many arrays. */
const nested = (levels) => (levels === 0 ? 1 : [nested(levels - 1)]);

test("what JSON holds is written and read back", () => {
  const values = ["a\"\\\n\0😀\u2028", 0, 1.5, 5e-324, 1e308, true, null, [], {}, [1, [2]]];
  for (const value of [...values, { b: 1, a: { "": [null] } }, Object.create(null)]) {
    assert.deepEqual(fromText(text(value)), value === null ? null : structuredClone(value));
  }
  assert.equal(text({ b: 1, a: [-0, "x"] }), `{"b":1,"a":[${JSON.rawJSON ? "-0" : "0"},"x"]}`);
  assert.equal(text(JSON.parse('{"__proto__":2}')), '{"__proto__":2}');
  assert.equal(text(nested(100)).length, 201);
});

test("what JSON does not hold is refused with its place", () => {
  const cycle = {};
  cycle.self = [cycle];
  for (const [value, Kind, says] of [
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
    ["\ud800", TypeError, "value holds half of a surrogate pair"],
    [{ "\udc00": 1 }, TypeError, "holds half of a surrogate pair"],
    [cycle, RangeError, "value.self[0].self[0]"],
    [nested(101), RangeError, "too deep"],
  ]) {
    const refused = (error) => error instanceof Kind && error.message.includes(says);
    assert.throws(() => text(value), refused, says);
  }
});

test("a number that would be rounded is refused, wherever it stands", () => {
  for (const refused of [
    "9007199254740992",
    "-9007199254740993",
    "1180591620717411303424",
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
    "1e20",
    "[1e300, 0.1234567890123456789, 9007199254740992.0]",
    '{"9007199254740993":"9007199254740993 \\" 9007199254740993"}',
    '"9007199254740993"',
  ]) {
    assert.deepEqual(fromText(looks), JSON.parse(looks));
  }
});
