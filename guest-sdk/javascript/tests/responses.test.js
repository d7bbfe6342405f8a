// Tests of the headers of responses and failures, for cases that the scenarios do not cover.

import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "../fake.js";
import { Failure, Request, Response } from "../index.js";

/** Returns the headers of a response as strings, each `name: value`. */
const pairs = ({ headers }) =>
  headers.map(([name, value]) => [name, Buffer.from(value).toString()].join(": "));

test("a response has the headers of an object, of pairs, of a Map and of a Headers", () => {
  const made = (headers) => pairs(Response.empty({ headers }));
  assert.deepEqual(made({ A: "1", b: 2 }), ["a: 1", "b: 2"]);
  assert.deepEqual(made({ "Set-Cookie": ["a", "b"] }), ["set-cookie: a", "set-cookie: b"]);
  assert.deepEqual(made([["a", "1"], ["a", new Uint8Array([50])]]), ["a: 1", "a: 2"]);
  assert.deepEqual(made(new Map([["B", ["1", 2]]])), ["b: 1", "b: 2"]);
  const headers = new Headers([["A", "1"], ["set-cookie", "b"], ["set-cookie", "c"]]);
  assert.deepEqual(made(headers), ["a: 1", "set-cookie: b", "set-cookie: c"]);
  assert.deepEqual(pairs(Response.empty().withHeader("A", ["1", "2"])), ["a: 1", "a: 2"]);
});

test("a value of another type is a TypeError that names the header and not the value", () => {
  for (const [value, type] of [
    [undefined, "undefined"],
    [null, "null"],
    [{ secret: 1 }, "object"],
    [true, "boolean"],
    [["1", undefined], "undefined"],
    [[["1"]], "object"],
  ]) {
    const message = new RegExp(`^the header "x-a" is of the type ${type}: it must be a string, a`);
    const refused = { name: "TypeError", message };
    assert.throws(() => Response.empty({ headers: { "X-A": value } }), refused);
    assert.throws(() => Response.empty({ headers: [["X-A", value]] }), refused);
    assert.throws(() => Response.empty().withHeader("X-A", value), refused);
    assert.throws(() => Failure.conflict("no").withHeader("X-A", value), refused);
  }
  for (const headers of [["a"], [["a", "1", "2"]], "ab"]) {
    assert.throws(() => Response.empty({ headers }), /each of the headers must be a pair/);
  }
});

test("the headers that a service sets are validated when it has responded", async () => {
  const pushed = (field) => {
    const response = Response.empty();
    response.headers.push(field);
    return response;
  };
  const service = (request) => pushed(request.json());
  const fake = new Fake({ default: { service, kelvin: () => pushed(["\u212a", "1"]) } });
  assert.deepEqual(pairs(await fake.call("service", ["X-A", 1])), ["x-a: 1"]);
  const message = /^the header "x-a" is of the type null/;
  await assert.rejects(fake.call("service", ["x-a", null]), { kind: "internal", message });
  const kelvin = { message: /^the response header "\u212a": a name may contain only/ };
  await assert.rejects(fake.call("kelvin"), kelvin);
});

test("the bytes of a value and of a content type are validated", async () => {
  const fake = new Fake({
    default: {
      bytes: () => Response.empty({ headers: { "x-a": new Uint8Array([9, 0xff]) } }),
      control: () => Response.empty({ headers: { "x-a": new Uint8Array([97, 10]) } }),
      type: (request) => Response.text("a", { contentType: request.json() }),
    },
  });
  assert.deepEqual((await fake.call("bytes")).headers, [["x-a", new Uint8Array([9, 0xff])]]);
  const control = /^the response header "x-a": its value contains a control character$/;
  await assert.rejects(fake.call("control"), { kind: "internal", message: control });
  assert.equal((await fake.call("type", "text/html; a=\"b\"")).contentType, "text/html; a=\"b\"");
  const type = /^the response header "content-type": its value contains a control character or a non-ASCII character/;
  for (const wrong of ["text/\r\nhtml", "text/é", "a\x7f"]) {
    await assert.rejects(fake.call("type", wrong), { kind: "internal", message: type });
  }
});

test("a response returns its headers by name", () => {
  const response = Response.empty({ headers: { "X-A": ["1", "2"] } });
  assert.deepEqual([response.header("x-A"), response.headerValues("X-a")], ["1, 2", ["1", "2"]]);
  assert.deepEqual([response.header("b"), response.headerValues("b")], [undefined, []]);
});

test("a redirect accepts a URL, and refuses an invalid location or option", () => {
  const to = (...given) => pairs(Response.redirect(...given));
  const headers = { "x-a": "1" };
  const both = ["x-a: 1", "location: http://a.example/b"];
  assert.deepEqual(to(new URL("http://a.example/b"), { headers }), both);
  assert.throws(() => Response.redirect(undefined), /the header "location" is of the type undef/);
  assert.throws(() => Response.redirect("/a", 308), /redirect\(location, \{ status: 308 \}\)/);
  assert.throws(() => Response.redirect("/a", { statuss: 308 }), /has no option statuss/);
});

test("an invalid option of a cookie is refused", () => {
  for (const [options, message] of [
    [{ maxage: 1 }, /withCookie has no option maxage, only maxAge,/],
    [{ maxAge: 1.5 }, /the cookie "a": its maxAge is 1.5: it must be whole seconds, 0 or more/],
    [{ maxAge: -1 }, /its maxAge is -1/],
    [{ sameSite: "Lax" }, /its sameSite is "Lax": it must be "lax", "strict" or "none"/],
    [{ path: 1 }, /its path is 1: it must be a string/],
  ]) {
    const set = () => Response.empty().withCookie("a", "1", options);
    assert.throws(set, { name: "TypeError", message });
  }
  assert.throws(() => Response.empty().withCookie("a", 1), /the cookie "a": its value must be/);
  assert.throws(() => Response.empty().withCookie(1, "a"), /the cookie 1: a name may contain only/);
});

test("a failure with headers is a failure without HTTP, and a problem over HTTP", async () => {
  const service = () => {
    throw Failure.tooManyRequests("slow \ud800 down").withHeader("Retry-After", 7);
  };
  const fake = new Fake({ default: { service } });
  await assert.rejects(fake.call("service"), { kind: "too-many-requests" });
  const response = await fake.call("service", new Request({ id: "7", http: {} }));
  assert.deepEqual(pairs(response), ["retry-after: 7"]);
  const { detail, request_id: id } = response.json();
  assert.deepEqual([detail, id, response.status], ["slow \ufffd down", "7", 429]);
  assert.deepEqual(fake.logs, []);
});
