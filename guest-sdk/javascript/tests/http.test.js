// Tests of outgoing requests on the fake's routes.

import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "../fake.js";
import { HttpError, HttpResponse, Response, http } from "../index.js";

const URL_A = "https://api.example.com/a";

const text = (bytes) => new TextDecoder().decode(bytes);

/** Returns the fields of a sent request, with its headers as strings. */
function shown({ method, url, headers, body, timeout, redirects }) {
  const pairs = headers.map(([name, value]) => `${name}: ${text(value)}`);
  return [method, url, pairs, text(body), timeout, redirects];
}

test("each method sends a request and returns the response", () => {
  const fake = new Fake();
  const methods = ["get", "head", "options", "post", "put", "patch", "delete"];
  for (const method of methods) {
    fake.route(method.toUpperCase(), URL_A, Response.text(method, { status: 404 }));
    const response = http[method](URL_A);
    assert.ok(response instanceof HttpResponse);
    assert.deepEqual([response.status, response.text(), response.ok], [404, method, false]);
  }
  const sent = methods.map((method) => [method.toUpperCase(), URL_A, [], "", undefined, 5]);
  assert.deepEqual(fake.requests.map(shown), sent);
});

test("a request has the values of its options", () => {
  const fake = new Fake();
  fake.route("POST", "https://api.example.com/*", Response.empty());
  const bytes = new Uint8Array([97]);
  for (const [options, expected] of [
    [{ json: { a: [1] } }, [["content-type: application/json"], '{"a":[1]}', undefined, 5]],
    [{ json: null, timeout: 0 }, [["content-type: application/json"], "null", 0, 5]],
    [{ json: 1, headers: { "Content-Type": "a/b" } }, [["Content-Type: a/b"], "1", undefined, 5]],
    [{ body: "é", redirects: 0 }, [[], "é", undefined, 0]],
    [{ body: bytes, timeout: 1.5 }, [[], "a", 1.5, 5]],
    [{ timeout: 1e9, redirects: 255 }, [[], "", 4294967.295, 255]],
    [{ headers: [["a", "1"], ["a", bytes]] }, [["a: 1", "a: a"], "", undefined, 5]],
    [{ headers: new Headers({ A: "1" }) }, [["a: 1"], "", undefined, 5]],
    [{ json: undefined, headers: undefined, timeout: undefined }, [[], "", undefined, 5]],
  ]) {
    http.post(URL_A, options);
    assert.deepEqual(shown(fake.requests.at(-1)).slice(2), expected);
  }
  http.send({ url: new URL("https://api.example.com"), method: "POST", body: "x" });
  const url = "https://api.example.com/";
  assert.deepEqual(shown(fake.requests.at(-1)), ["POST", url, [], "x", undefined, 5]);
});

test("a response returns headers by case-insensitive name, its text and its JSON", () => {
  const fake = new Fake();
  const x = new Uint8Array([0xff]);
  const headers = [["Set-Cookie", ["a=1", "b"]], ["Vary", "a"], ["vary", "b"], ["x", x]];
  fake.route("GET", URL_A, Response.json({ a: 1 }, { headers }));
  const response = http.get(URL_A);
  assert.deepEqual([response.status, response.ok, response.url], [200, true, URL_A]);
  assert.deepEqual(response.headerValues("SET-Cookie"), ["a=1", "b"]);
  assert.equal(response.header("Content-Type"), "application/json");
  assert.deepEqual([response.header("x"), response.header("y")], [undefined, undefined]);
  assert.equal(response.header("VARY"), "a, b");
  assert.deepEqual(response.headers.at(-1), ["x", x]);
  assert.ok(response.headers.every(([, value]) => value instanceof Uint8Array));
  assert.deepEqual([response.json(), response.text()], [{ a: 1 }, '{"a":1}']);
});

test("a body that is not text or not JSON is refused with its URL, without the query", () => {
  const fake = new Fake();
  const bodies = { bytes: [0xff], empty: [], json: '{"a":', large: "9007199254740993" };
  for (const [name, body] of Object.entries(bodies)) {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : Uint8Array.from(body);
    fake.route("GET", `${URL_A}?key=${name}`, Response.bytes(bytes));
  }
  const at = (name) => http.get(`${URL_A}?key=${name}`);
  const why = (reason) => ({ message: new RegExp(`^the body of ${URL_A}${reason}`) });
  assert.throws(() => at("bytes").text(), why(" is not UTF-8"));
  assert.throws(() => at("empty").json(), why(": "));
  assert.throws(() => at("json").json(), { name: "SyntaxError", ...why(": ") });
  assert.throws(() => at("large").json(), { name: "RangeError", ...why(": .*9007199254740993") });
  assert.equal(at("large").text(), "9007199254740993");
});

test("an error without a response has the kind and the message of the host", () => {
  const fake = new Fake();
  for (const kind of ["denied", "unreachable", "timeout", "too-large", "aborted"]) {
    fake.route("GET", URL_A, new HttpError(kind, `${URL_A}: ${kind} it is`));
    const expected = { name: "HttpError", kind, message: `${URL_A}: ${kind} it is` };
    assert.throws(() => http.get(URL_A), expected);
    const [error] = http.sendMany([{ url: URL_A }]);
    assert.ok(error instanceof HttpError);
    assert.deepEqual([error.kind, error.message], [kind, expected.message]);
  }
  fake.route("GET", URL_A, new HttpError("timeout"));
  assert.throws(() => http.get(`${URL_A}`), { kind: "timeout", message: /: the route of the fake returns timeout$/ });
});

test("a request that the host refuses to send is an invalid request", () => {
  const fake = new Fake();
  fake.route("TRACE", "https://*", Response.empty());
  for (const [request, why] of [
    [{ url: "nope" }, /"nope" is not a URL/],
    [{ url: "ftp://a/b?secret" }, /"ftp:\/\/a\/b" is not an http or https URL$/],
    [{ url: "https://user:pass@a/" }, /^a URL has a user or a password/],
    [{ url: URL_A, method: "TRACE" }, /"TRACE" is not a method that a plugin can send/],
    [{ url: URL_A, headers: { Host: "a" } }, /the header `host` is set by the host/],
  ]) {
    assert.throws(() => http.send(request), { kind: "invalid-request", message: why });
  }
  assert.deepEqual(fake.requests, []);
});

test("an error that a service does not catch becomes a failure by its kind", async () => {
  const fake = new Fake({ default: { get: () => http.get(URL_A).json() } });
  for (const [kind, failure] of [
    ["unreachable", "unavailable"],
    ["timeout", "unavailable"],
    ["aborted", "unavailable"],
    ["denied", "internal"],
    ["too-large", "internal"],
    ["invalid-request", "internal"],
  ]) {
    fake.route("GET", URL_A, new HttpError(kind, "no"));
    await assert.rejects(fake.call("get"), { name: "Failure", kind: failure, message: "no" });
  }
});

test("the results of concurrent requests are in the order of the requests", () => {
  const fake = new Fake();
  fake.route("GET", "https://api.example.com/*", ({ url }) => Response.text(url));
  fake.route("GET", "https://down.example.com/", new HttpError("unreachable", "no"));
  const urls = ["https://api.example.com/1", "https://down.example.com/", URL_A];
  const results = http.sendMany(urls.map((url) => ({ url })));
  const shown = results.map((each) => each.kind ?? each.text());
  assert.deepEqual(shown, [urls[0], "unreachable", urls[2]]);
  assert.deepEqual(http.sendMany([]), []);
});

test("an error about an argument has its name, its value and the rule", () => {
  const fake = new Fake();
  const post = (options) => http.post(URL_A, options);
  for (const [act, why] of [
    [() => http.get(5), /^url is 5: it must be a string, as "https/],
    [() => http.get(), /^url is undefined/],
    [() => http.get("https://a/\ud800"), /^url is .* a lone surrogate/],
    [() => post("x"), /^json is an option: http.post\(url, \{ json: "x" \}\)/],
    [() => post({ jsn: 1 }), /^http.post has no option jsn, only json, body, headers, timeout/],
    [() => post({ json: NaN }), /^json is NaN/],
    [() => post({ json: 1, body: "" }), /^json and body are both given/],
    [() => post({ body: { a: 1 } }), /^body is \{..\}: it must be a string or a Uint8Array; `json`/],
    [() => post({ body: null }), /^body is null/],
    [() => post({ body: "\ud800" }), /^body contains a lone surrogate/],
    [() => post({ headers: "a: 1" }), /^headers is of the type string: it must be an object/],
    [() => post({ headers: ["a"] }), /^one of headers is not a pair: it must be/],
    [() => post({ headers: { "a b": "" } }), /^the name of a header is "a b"/],
    [() => post({ headers: { a: undefined } }), /^the value of the header a is of the type undef/],
    [() => post({ headers: { a: "se\ncret" } }), /^the value of the header a contains a line break/],
    [() => post({ headers: { a: new Uint8Array([0]) } }), /^the value of the header a contains/],
    [() => post({ headers: { a: "\udc00" } }), /^the value of the header a contains a lone/],
    [() => post({ timeout: -1 }), /^timeout is -1: it must be 0 seconds or more/],
    [() => post({ timeout: NaN }), /^timeout is NaN/],
    [() => post({ timeout: "2" }), /^timeout is "2": .*; write Number\(..\)/],
    [() => post({ redirects: 256 }), /^redirects is 256: it must be an integer from 0 to 255/],
    [() => post({ redirects: 1.5 }), /^redirects is 1.5/],
    [() => post({ redirects: true }), /^redirects is true/],
    [() => http.send("https://a"), /^the request is "https:\/\/a": it must be an object/],
    [() => http.send({ url: URL_A, method: "G T" }), /^method is "G T": it must be a method/],
    [() => http.send({ url: URL_A, verb: 1 }), /^http.send has no option verb, only url, method/],
    [() => http.sendMany(URL_A), /^requests is "https.*": it must be an array of requests/],
    [() => http.sendMany([{ url: URL_A }, { url: 5 }]), /^requests\[1\]: url is 5/],
    [() => http.request(URL_A), /^http.request is not offered; http has: get, head, options, post/],
  ]) {
    assert.throws(act, (error) => {
      assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
      assert.match(error.message, why);
      assert.doesNotMatch(error.message, /cret/);
      return true;
    });
  }
  assert.deepEqual(fake.requests, []);
});

test("redirects are followed up to the limit of the request", () => {
  const fake = new Fake();
  const to = (location, status) => Response.empty({ status, headers: { location } });
  fake.route("GET", "https://a.example.com/1", to("/2", 302));
  fake.route("GET", "https://a.example.com/2", to("https://b.example.com/3#part", 301));
  fake.route("GET", "https://b.example.com/3", Response.text("there"));
  const headers = { Authorization: "key", cookie: "a", "x-a": "1" };
  const response = http.get("https://a.example.com/1#top", { headers });
  assert.deepEqual([response.text(), response.url], ["there", "https://b.example.com/3"]);
  const names = fake.requests.map((request) => request.headers.map(([name]) => name).join());
  const all = "Authorization,cookie,x-a";
  assert.deepEqual(names, [all, all, "x-a"]);
  const none = http.get("https://a.example.com/1", { redirects: 0 });
  assert.deepEqual([none.status, none.header("location")], [302, "/2"]);
  const once = () => http.get("https://a.example.com/1", { redirects: 1 });
  assert.throws(once, { kind: "aborted", message: /2: it redirects more than 1 times/ });
  fake.route("GET", "https://a.example.com/2", to("ftp://a", 301));
  const elsewhere = () => http.get("https://a.example.com/1");
  assert.throws(elsewhere, { kind: "aborted", message: /its redirect target is not an http/ });
});

test("a redirect keeps the method and the body as the standard requires", () => {
  const fake = new Fake();
  fake.route("GET", `${URL_A}/to`, ({ method, headers, body }) =>
    Response.text(`${method}${body.length}${headers.length}`),
  );
  for (const method of ["POST", "PUT"]) {
    fake.route(method, `${URL_A}/to`, ({ headers, body }) =>
      Response.text(`${method}${body.length}${headers.length}`),
    );
    const isPut = method === "PUT";
    for (const [status, kept] of [[301, isPut], [302, isPut], [303, false], [307, true]]) {
      fake.route(method, URL_A, Response.empty({ status, headers: { location: "a/to" } }));
      const reached = http.send({ method, url: URL_A, json: 12 }).text();
      assert.equal(reached, kept ? `${method}21` : "GET00", `${method} ${status}`);
    }
  }
});

test("the newest matching route is used, and without a route the test fails", async () => {
  const reach = (url) => {
    try {
      return http.get(url).text();
    } catch {
      return "hidden";
    }
  };
  const fake = new Fake({ default: { reach: (request) => reach(request.json()) } });
  fake.route("GET", "https://a.example.com/x", Response.text("exact"));
  const reached = async (url) => (await fake.call("reach", url)).json();
  assert.equal(await reached("https://a.example.com/x"), "exact");
  fake.route("GET", "https://a.example.com/*", Response.text("all"));
  assert.equal(await reached("https://a.example.com/x"), "all");
  await assert.rejects(reached("https://b.example.com/?q"), {
    name: "AssertionError",
    message:
      "the fake has no route for GET https://b.example.com/?q, which has: " +
      "GET https://a.example.com/x, GET https://a.example.com/*; " +
      'fake.route("GET", "https://b.example.com/?q", Response.json(..)) adds it',
  });
  assert.equal(await reached("https://a.example.com/x"), "all");
  new Fake();
  assert.throws(() => http.get(URL_A), { name: "AssertionError", message: /which has none/ });
});

test("an error that a route's function throws fails the test, even outside of a call", async () => {
  const fake = new Fake({ default: { hides: () => void http.sendMany([{ url: URL_A }]) } });
  fake.route("GET", URL_A, ({ url }) => assert.equal(url, "other"));
  assert.throws(() => http.get(URL_A), { name: "AssertionError" });
  fake.route("GET", URL_A, Response.empty());
  // An error outside any call does not fail the next call.
  await fake.call("hides");
  fake.route("GET", URL_A, () => ({ status: 200 }));
  const why = /the reply of the route GET .*\/a is \{..\}: it must be a Response of hostel-sdk/;
  await assert.rejects(fake.call("hides"), why);
  assert.throws(() => fake.route("GET", URL_A, "text"), /"text": it must be a Response/);
  assert.throws(() => fake.route("GET", URL_A, new HttpError("late")), /the kind of the HttpError is late: it must be one of /);
});

test("a route's function and the test get the sent request", () => {
  const fake = new Fake();
  const seen = [];
  fake.route("PUT", URL_A, (request) => {
    seen.push(request.header("X-KEY"), request.json(), request.text(), request.timeout);
    return Response.empty();
  });
  http.put(URL_A, { json: [1], headers: [["x-key", "k"], ["X-Key", "l"]], timeout: 2 });
  assert.deepEqual(seen, ["k, l", [1], "[1]", 2]);
  assert.equal(fake.requests[0].header("x-key"), "k, l");
});
