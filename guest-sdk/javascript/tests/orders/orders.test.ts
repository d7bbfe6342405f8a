import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "hostel-sdk/fake";
import * as orders from "./orders.ts";

test("a placed order is found where the response points", async () => {
  const fake = new Fake(orders);
  fake.serve("POST /orders", "place");
  fake.serve("GET /orders/{id}", "find");

  const placed = await fake.http("POST", "/orders", { json: { item: "tea", count: 2 } });
  assert.equal(placed.status, 201);
  const found = await fake.http("GET", placed.header("Location") ?? "");
  assert.deepEqual(found.json(), { id: 1, item: "tea", count: 2 });

  const none = await fake.http("GET", "/orders/9");
  assert.deepEqual([none.status, none.json().detail], [404, "no order 9"]);
});

test("services respond as the page shows", async () => {
  const fake = new Fake(orders);
  fake.settings = { "total-token": "let-me-in-please" };
  fake.serve("GET /orders", "search");
  fake.serve("POST /orders", "place");
  fake.serve("POST /language", "set-language");
  fake.serve("GET /language", "language");
  fake.serve("GET /orders/total", "total");

  const headers = { "Accept-Language": "de" };
  const page = await fake.http("GET", "/orders?status=sent&page=2", { headers });
  assert.equal(page.text(), '{"status":"sent","page":2,"language":"de"}');
  const first = await fake.http("GET", "/orders");
  assert.equal(first.text(), '{"status":"open","page":1,"language":"en"}');

  for (const [json, detail] of [
    [{ item: "tea", count: 0 }, "the count is 0: it must be 1 or more"],
    [{ item: "tea", count: "2" }, "the request body: count: it must be an integer"],
    [null, "the request body: item: it must be a string"],
  ]) {
    const refused = await fake.http("POST", "/orders", { json });
    assert.deepEqual([refused.status, refused.json().detail], [400, detail]);
  }

  const set = await fake.http("POST", "/language", { form: { language: "de" } });
  const cookie = "language=de; Max-Age=31536000; Path=/; Secure; HttpOnly; SameSite=Lax";
  assert.deepEqual([set.status, set.header("location")], [303, "/language"]);
  assert.deepEqual(set.headerValues("set-cookie"), [cookie]);
  const other = await fake.http("POST", "/language", { form: { language: "fr" } });
  assert.equal(other.status, 400);
  assert.equal((await fake.http("GET", "/language")).json(), "en");
  const known = await fake.http("GET", "/language", { headers: { Cookie: "language=de" } });
  assert.equal(known.json(), "de");

  const token = { headers: { Authorization: "Bearer let-me-in-please" } };
  assert.equal((await fake.http("GET", "/orders/total", token)).json(), 0);
  const again = await fake.http("GET", "/orders/total", token);
  assert.deepEqual([again.status, again.header("Retry-After")], [429, "60"]);
  fake.advance(60);
  const unknown = await fake.http("GET", "/orders/total");
  assert.deepEqual([unknown.status, unknown.header("WWW-Authenticate")], [401, "Bearer"]);
});
