// Tests of HTTP requests to the services of a fake.

import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "../fake.js";
import { Failure, Response, http } from "../index.js";

/**
 * Returns a fake with these routes. Each route leads to its own service, which returns the route's
 * text and the names and values of the path parameters.
 */
function fakeWith(...routes) {
  const service = (route) => (request) => {
    const values = request.http.pathParams.map(([name, value]) => ` ${name}=${value}`);
    return `${route}${values.join("")}`;
  };
  const fake = new Fake({ default: Object.fromEntries(routes.map((it) => [it, service(it)])) });
  for (const route of routes) fake.serve(route, route);
  return fake;
}

test("a request is routed as in the host", async () => {
  const fake = fakeWith(
    ...["GET /users/{id}", "PUT /users/{user}", "DELETE /users/{user}", "GET /users/me"],
    ...["/users/me/{what}", "GET /users/{id}/orders", "GET /"],
  );
  for (const [request, expected] of [
    ["GET /users/7", "GET /users/{id} id=7"],
    ["HEAD /users/7?a=/b", "GET /users/{id} id=7"],
    ["GET /users/a%2Fb%20c", "GET /users/{id} id=a/b c"],
    ["PUT /users/7", "PUT /users/{user} user=7"],
    ["GET /users/me", "GET /users/me"],
    ["GET /users/me/orders", "/users/me/{what} what=orders"],
    ["BREW /users/me/x", "/users/me/{what} what=x"],
    ["GET /users/you/orders", "GET /users/{id}/orders id=you"],
    ["GET /", "GET /"],
    ["GET /?", "GET /"],
  ]) {
    const response = await fake.http(...request.split(" "));
    assert.deepEqual([response.status, response.json()], [200, expected], request);
  }
});

test("a request without a route gets the problem of the host", async () => {
  const fake = fakeWith("GET /users/{id}", "PUT /users/{id}", "GET /users/me");
  const problem = async (method, path) => {
    const response = await fake.http(method, path);
    assert.equal(response.contentType, "application/problem+json");
    const { status, title, code, detail } = response.json();
    assert.equal(status, response.status);
    return [status, title, code, detail, response.header("allow")];
  };
  const none = [404, "Not Found", "not-found", "no service has this path", undefined];
  for (const path of ["/users", "/users/", "/users/7/", "/", "/USERS/7", "//users/7"]) {
    assert.deepEqual(await problem("GET", path), none, path);
  }
  const notAllowed = (allow) => {
    const detail = `this path allows ${allow}`;
    return [405, "Method Not Allowed", "method-not-allowed", detail, allow];
  };
  assert.deepEqual(await problem("POST", "/users/7"), notAllowed("GET, HEAD, PUT"));
  // `allow` lists only the methods of the route path that takes precedence.
  assert.deepEqual(await problem("PUT", "/users/me"), notAllowed("GET, HEAD"));
  const escape = "the path has an invalid escape";
  const malformed = [400, "Bad Request", "bad-request", escape, undefined];
  for (const path of ["/users/%", "/users/%ff"]) {
    assert.deepEqual(await problem("GET", path), malformed);
  }
});

test("an invalid route is refused", () => {
  for (const [route, message] of [
    ["GET orders", 'the route "GET orders" must be like "GET /orders/{id}"'],
    ["", 'the route "" must be like'],
    ["get /a", 'unknown method "get"; there are: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
    ["/a//b", 'the path "/a//b" has the segment "": a segment must not be empty'],
    ["/a/", 'the path "/a/" has the segment ""'],
    ["/a/..", 'the path "/a/.." has the segment ".."'],
    ["/a?b", 'the path "/a?b" has "?": write it without percent-encoding'],
    ["/a b\tc", 'has " ": write it without percent-encoding'],
    ["/%20", 'has "%": write it without percent-encoding'],
    ["/a/{id}x", 'has the segment "{id}x": a parameter must be a whole segment'],
    ["/{}", 'has the segment "{}": a parameter must be a whole segment'],
    ["/{id}/{id}", "has the parameter `id` twice"],
  ]) {
    const refused = (error) => error.message.includes(message) || assert.fail(error.message);
    assert.throws(() => fakeWith(route), refused, route);
  }
  const fake = new Fake({ default: { a() {} } });
  assert.throws(() => fake.serve("/a", "b"), /^Error: no service "b" here; there are: a$/);
  for (const other of ["GET /a/{b}", "/a/{b}"]) {
    const message = /^\/a\/\{b\} matches requests that the earlier route \/a\/\{id\} matches/;
    assert.throws(() => fakeWith("GET /a/{id}", other), { message });
    assert.throws(() => fakeWith("/a/{id}", other), { message });
  }
  fakeWith("GET /a/{id}", "PUT /a/{b}", "/a/b");
});

test("a request has the data that the client sends", async () => {
  const seen = [];
  const fake = new Fake({ default: { see: (request) => void seen.push(request) } });
  fake.serve("/a/{id}", "see");
  const headers = { Cookie: ["a=1", "b=2"], Accept: "text/html" };
  await fake.http("POST", "/a/7?x=1&x=a?b", { headers, json: { n: 1 } });
  await fake.http("POST", "/a/7", { form: { a: "x y", b: [1, 2] } });
  await fake.http("PUT", "/a/7", { body: "<a>", headers: { "content-type": "text/xml" } });
  await fake.http("PUT", "/a/7", { json: 1, headers: { "content-type": "text/json" } });
  await fake.http("GET", "/a/7");
  const [json, form, text, typed, none] = seen;
  const { method, path, query, authority, client } = json.http;
  assert.deepEqual([method, path, query], ["POST", "/a/7", "x=1&x=a?b"]);
  assert.deepEqual([authority, client], ["localhost", "127.0.0.1:1"]);
  assert.deepEqual([json.pathInteger("id"), json.queryValues("x")], [7, ["1", "a?b"]]);
  assert.deepEqual([json.cookie("b"), json.header("accept")], ["2", "text/html"]);
  const types = [json.contentType, json.header("content-type")];
  assert.deepEqual([...types, json.json()], [...Array(2).fill("application/json"), { n: 1 }]);
  assert.deepEqual([form.form("a"), form.formValues("b")], ["x y", ["1", "2"]]);
  assert.deepEqual([text.contentType, text.text()], ["text/xml", "<a>"]);
  const own = [typed.contentType, ...typed.headerValues("content-type")];
  assert.deepEqual(own, ["text/json", "text/json"]);
  assert.deepEqual([none.contentType, none.body.length, none.service], [undefined, 0, "see"]);
});

test("unknown options of a request are refused", async () => {
  const fake = fakeWith("GET /");
  await assert.rejects(fake.http("GET", "a"), /the path "a" must begin with a slash/);
  await assert.rejects(fake.http("GET", "/", { query: {} }), /fake.http has no option query/);
  const both = /body, json and form: a request can have only one of them/;
  await assert.rejects(fake.http("POST", "/", { body: "a", json: 1 }), both);
  await assert.rejects(fake.http("POST", "/", { body: 1 }), /body is 1: it must be a string/);
});

test("a failure is a response, and details that the client does not get are logged", async () => {
  const fails = {
    conflict: () => {
      throw Failure.conflict("it is there");
    },
    late: async () => {
      throw Failure.unavailable("the ledger is down").withHeader("retry-after", 5);
    },
    odd: () => Response.json({ at: NaN }),
  };
  const fake = new Fake({ default: fails });
  const problem = async (service) => {
    fake.serve(`/${service}`, service);
    const response = await fake.http("GET", `/${service}`);
    const { code, detail } = response.json();
    return [response.status, code, detail];
  };
  assert.deepEqual(await problem("conflict"), [409, "conflict", "it is there"]);
  assert.deepEqual(fake.logs, []);
  const late = [503, "unavailable", "something that the service needs is unavailable"];
  assert.deepEqual(await problem("late"), late);
  assert.deepEqual(fake.logs, ["error: the ledger is down"]);
  assert.deepEqual(await problem("odd"), [500, "internal", "the service failed"]);
  assert.match(fake.logs[1], /^error: RangeError: response.at is NaN, .* at /);
});

test("an error of the test is not a response", async () => {
  const fake = new Fake({ default: { fetches: () => http.get("http://a.example/").status } });
  fake.serve("GET /", "fetches");
  await assert.rejects(fake.http("GET", "/"), { name: "AssertionError" });
});
