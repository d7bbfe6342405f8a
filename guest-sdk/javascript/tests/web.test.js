// Tests of the web APIs in `web/`, compared with Node's APIs.

import assert from "node:assert/strict";
import test from "node:test";
import { format } from "node:util";

// Every engine of a plugin has this method, but Node before version 25 does not.
Uint8Array.prototype.toBase64 ??= function () {
  return Buffer.from(this).toString("base64");
};

const { structuredClone } = await import("../web/clone.js");
const { formatted } = await import("../web/console.js");
const { Headers } = await import("../web/headers.js");
const { percentEncodeAfterEncoding } = await import("../web/query.js");
const { TextDecoder } = await import("../web/text.js");

test("a line of the console is formatted as in Node", () => {
  for (const values of [
    ["%s is %d", "a", 1],
    ["%s", "a", "b", 2],
    ["%d %i %f", "2.5", "2.5", "2.5"],
    ["%d %i %s", 5n, 5n, 5n],
    ["%d", "x"],
    ["%j", { a: [1] }],
    ["%c%s", "color: red", "a"],
    ["%% %s", "a"],
    ["100%", "a"],
    ["%s %s", "one"],
    ["%x", "a"],
    ["%s"],
  ]) {
    assert.equal(formatted(values).join(" "), format(...values), JSON.stringify(values, String));
  }
  assert.deepEqual(formatted(["%o|%O", [1], { a: "b" }]), ['[1]|{"a":"b"}']);
  assert.deepEqual(formatted([{ a: "%s" }, 1]), [{ a: "%s" }, 1]);
});

test("headers are those of the Fetch Standard", () => {
  const { Headers: NodeHeaders } = globalThis;
  const both = (act) => [Headers, NodeHeaders].map((Kind) => act(Kind));
  for (const act of [
    (Kind) => [...new Kind({ "X-B": " 1 ", a: 2 })],
    (Kind) => [...new Kind([["a", "1"], ["A", "2"], ["set-cookie", "x"], ["set-cookie", "y"]])],
    (Kind) => [...new Kind(new Kind({ a: "1" })).keys()],
    (Kind) => new Kind([["set-cookie", "x"], ["set-cookie", "y"]]).getSetCookie(),
    (Kind) => {
      const headers = new Kind({ a: "1", b: "2" });
      headers.append("a", "3");
      headers.set("b", "4");
      headers.delete("c");
      return [headers.get("A"), headers.get("b"), headers.get("c"), headers.has("B")];
    },
  ]) {
    const [own, node] = both(act);
    assert.deepEqual(own, node, String(act));
  }
  for (const init of [{ "a b": "1" }, { a: "1\n2" }, { a: "€" }, [["a"]], 1, null]) {
    both((Kind) => assert.throws(() => new Kind(init), TypeError));
  }
});

test("a clone is equal and shares nothing", () => {
  const { structuredClone: nodeClone } = globalThis;
  const value = {
    ...{ date: new Date(5), pattern: /a/gi, map: new Map([[{ a: 1 }, new Set([1, "2"])]]) },
    ...{ bytes: new Uint8Array([1, 2, 3]).subarray(1), view: new DataView(new ArrayBuffer(4), 1) },
    ...{ list: [1, , undefined, null, -0, NaN, 5n], object: Object(true), ["__proto__"]: 1 },
    error: new RangeError("far", { cause: { a: 1 } }),
  };
  const clone = structuredClone(value);
  assert.deepEqual(clone, nodeClone(value));
  assert.ok(clone.error instanceof RangeError && clone.error.cause !== value.error.cause);
  assert.notEqual(clone.bytes.buffer, value.bytes.buffer);
  const cycle = [[]];
  cycle[0].push(cycle);
  const copied = structuredClone(cycle);
  assert.equal(copied[0][0], copied);
  for (const wrong of [() => {}, Symbol("a"), { a: new WeakMap() }, [Promise.resolve()]]) {
    assert.throws(() => structuredClone(wrong), { name: "DataCloneError" });
  }
});

test("a text is decoded as in Node, in one part or in several", () => {
  const { TextDecoder: NodeTextDecoder } = globalThis;
  const all = Uint8Array.from({ length: 256 }, (_, at) => at);
  const text = new TextEncoder().encode("\ufeffaé€😀\ufeff");
  const wide = new Uint8Array([0xff, 0xfe, 0xe9, 0, 0x3d, 0xd8, 0, 0xde, 0, 0xd8, 0x41, 0]);
  for (const [label, bytes] of [
    [undefined, text],
    ["UTF8", all],
    ["utf-16", wide],
    ["utf-16be", wide.toReversed()],
    ["utf-16le", wide.subarray(0, 7)],
  ]) {
    const node = new NodeTextDecoder(label);
    const expected = node.decode(bytes);
    assert.equal(new TextDecoder(label).encoding, node.encoding);
    assert.equal(new TextDecoder(label).decode(bytes), expected, label);
    for (let size = 1; size < 5; size++) {
      const decoder = new TextDecoder(label);
      let parts = "";
      for (let at = 0; at < bytes.length; at += size) {
        parts += decoder.decode(bytes.subarray(at, at + size), { stream: true });
      }
      assert.equal(parts + decoder.decode(), expected, `${label} by ${size}`);
    }
  }
  // A fatal decoder keeps the bytes at the end of a part only if a character may begin with them.
  const rests = [[], [0x80], [0x8f], [0x90], [0x9f], [0xa0], [0xbf], [0x90, 0x80], [0xa0, 0x80]];
  for (const bytes of rests.flatMap((rest) => [...all].map((first) => [first, ...rest]))) {
    const [text, expected] = [TextDecoder, NodeTextDecoder].map((Kind) => {
      const decoder = new Kind("utf-8", { fatal: true });
      try {
        return decoder.decode(new Uint8Array(bytes), { stream: true });
      } catch ({ name }) {
        return name;
      }
    });
    assert.equal(text, expected, String(bytes));
  }
  // Some versions of Node decode these bytes as control characters.
  const latin = new TextDecoder(" Latin1\n");
  assert.equal(latin.decode(new Uint8Array([0x41, 0x80, 0x81, 0x99, 0xe9])), "A€\x81™é");
  assert.equal(latin.encoding, "windows-1252");
  const only = /does not support "koi8-r", only utf-8, utf-16le, utf-16be, windows-1252/;
  assert.throws(() => new TextDecoder("koi8-r"), { name: "RangeError", message: only });
  assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(all), TypeError);
  assert.throws(() => new TextDecoder("utf-16", { fatal: true }).decode(wide), TypeError);
});

test("a query is encoded in UTF-8", () => {
  assert.equal(percentEncodeAfterEncoding("utf-8", "a b'é\0\x1f~", " '"), "a%20b%27%C3%A9%00%1F~");
});
