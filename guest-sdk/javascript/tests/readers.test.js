// Tests of the accessors of a request, for cases that the scenarios do not cover.

import assert from "node:assert/strict";
import test from "node:test";

import { Request } from "../index.js";

const bytes = (...values) => new Uint8Array(values);

test("a request that is not made over HTTP has no HTTP data", () => {
  const request = new Request();
  const read = [request.header("a"), request.query("a"), request.queryInteger("a")];
  read.push(request.pathParam("a"), request.cookie("a"), request.form("a"));
  assert.deepEqual(read, Array(6).fill(undefined));
  assert.deepEqual([request.headerValues("a"), request.queryValues("a")], [[], []]);
  assert.deepEqual(request.formValues("a"), []);
  const failure = { kind: "internal", message: 'the route has no path parameter "a"' };
  assert.throws(() => request.pathInteger("a"), failure);
});

test("the address of a client has no port and no brackets", () => {
  const address = (client) => new Request({ http: { client } }).clientAddress();
  assert.equal(address("192.0.2.1:4711"), "192.0.2.1");
  assert.equal(address("[2001:db8::1]:0"), "2001:db8::1");
  assert.equal(address(""), undefined);
  assert.equal(new Request().clientAddress(), undefined);
});

test("a header with an invalid field is undefined, and its valid fields are returned", () => {
  const headers = [["x", "1"], ["X", bytes(0xff)], ["x", bytes(0xc3, 0xa9)], ["y", bytes(0xff)]];
  const request = new Request({ http: { headers } });
  assert.deepEqual([request.header("x"), request.headerValues("x")], [undefined, ["1", "é"]]);
  assert.deepEqual([request.header("y"), request.headerValues("y")], [undefined, []]);
  const cookies = new Request({ http: { headers: [["cookie", "a=1"], ["cookie", bytes(0xff)]] } });
  assert.equal(cookies.cookie("a"), undefined);
});

test("a query and a form are decoded as by URLSearchParams", () => {
  const texts = ["", "&&", "=", "a", "a=", "=a", "a=b=c", "+a+=+b+", "a=%2B+%20", "a=%", "a=%f"];
  texts.push("a=%C3%A9%c3%a9", "%61=%E2%82", "a=%E2%82x%AC", "a=%F0%9F%98%80", "a=%ED%A0%80");
  texts.push("a=é&ä=%zz", "a=1;b=2", "a=%EF%BB%BFx", "a=%00", "__proto__=1&a=%26%3D");
  for (const text of texts) {
    const params = new URLSearchParams(text);
    const body = new TextEncoder().encode(text);
    const contentType = "application/x-www-form-urlencoded";
    const request = new Request({ http: { query: text }, body, contentType });
    for (const name of new Set(["a", "", "none", ...params.keys()])) {
      assert.deepEqual(request.queryValues(name), params.getAll(name), text);
      assert.deepEqual(request.formValues(name), params.getAll(name), text);
      assert.equal(request.query(name), params.get(name) ?? undefined, text);
    }
  }
});

test("a body that is not UTF-8 can be a form, and an empty one of another type cannot", () => {
  const contentType = "application/x-www-form-urlencoded";
  const form = new Request({ body: bytes(97, 61, 0xff), contentType });
  assert.equal(form.form("a"), "\ufffd");
  const other = new Request({ contentType: "text/plain" });
  assert.throws(() => other.form("a"), { kind: "bad-request" });
});

test("an integer of a query is never -0, and exact up to the largest safe integer", () => {
  const integer = (text) => new Request({ http: { query: `n=${text}` } }).queryInteger("n");
  assert.ok(Object.is(integer("-0"), 0));
  assert.equal(integer("-9007199254740991"), -9007199254740991);
  const range = /^the query parameter "n" is "\d+": it must be from -9007199254740991 to/;
  assert.throws(() => integer("9007199254740992"), { kind: "bad-request", message: range });
  const long = { kind: "bad-request", message: /"9{64}"\.\.: it must be from/ };
  assert.throws(() => integer("9".repeat(400)), long);
});

test("a single double quote is not removed", () => {
  const request = (cookie) => new Request({ http: { headers: { cookie } } });
  const cookie = (value) => request(`a=${value}`).cookie("a");
  assert.deepEqual(['"', '""', '"x', '"x"', '" x "'].map(cookie), ['"', "", '"x', "x", " x "]);
});
