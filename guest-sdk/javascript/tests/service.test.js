import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "../fake.js";
import { Failure, Request, Response, Service, log } from "../index.js";
import { servicesOf } from "../service.js";

class PlaceOrder extends Service {
  static description = "Places an order.";

  async handle(request) {
    return { id: request.json().id };
  }
}

function isUp() {}

test("services are exported classes and the members of the default export", () => {
  const plugin = { PlaceOrder, isUp, default: { isUp, "orders.place": PlaceOrder, HTTPGet: isUp } };
  const listed = Array.from(servicesOf(plugin).values(), (service) => [
    service.name,
    service.description,
  ]);
  assert.deepEqual(listed, [
    ["place-order", "Places an order."],
    ["is-up", ""],
    ["orders.place", "Places an order."],
    ["http-get", ""],
  ]);
});

test("exports without a service are refused with the fix", () => {
  for (const [plugin, reason] of [
    [{ isUp }, /no service is exported/],
    [{ default: isUp }, /has no name/],
    [{ default: { a: 1 } }, /a is neither a function nor a class/],
    [{ default: { placeOrder: isUp }, PlaceOrder }, /two services have the name place-order/],
  ]) {
    assert.throws(() => servicesOf(plugin), reason);
  }
});

test("the returned value of a service becomes the response", async () => {
  const answers = {
    nothing: () => {},
    value: () => [1],
    made: async () => Response.text("made", { status: 201, headers: { Location: "/7" } }),
  };
  const fake = new Fake({ default: answers });
  const response = async (name) => {
    const { status, contentType, headers, body } = await fake.call(name);
    const pairs = headers.map(([name, value]) => `${name}: ${new TextDecoder().decode(value)}`);
    return [status, contentType, pairs, new TextDecoder().decode(body)];
  };
  assert.deepEqual(await response("nothing"), [204, undefined, [], ""]);
  assert.deepEqual(await response("value"), [200, "application/json", [], "[1]"]);
  const made = [201, "text/plain; charset=utf-8", ["location: /7"], "made"];
  assert.deepEqual(await response("made"), made);
  await assert.rejects(fake.call("gone"), { kind: "not-found", message: /nothing, value, made/ });
});

test("a response that HTTP does not allow is refused when it is created", () => {
  for (const status of [0, 199, 600, 200.5, "200"]) {
    assert.throws(() => Response.empty({ status }), /200 to 599/);
  }
  assert.throws(() => new Response("text"), /Response.text/);
  assert.throws(() => Response.json({ at: NaN }), /response.at is NaN/);
});

test("a body is parsed as JSON, an empty one is undefined, an invalid one is a bad request", () => {
  const request = (text) => new Request({ body: new TextEncoder().encode(text) });
  assert.deepEqual(request('{"a":1}').json(), { a: 1 });
  assert.equal(request("").json(), undefined);
  const bad = (error) => error instanceof Failure && error.kind === "bad-request";
  assert.throws(() => request("{").json(), bad);
  assert.throws(() => request("9007199254740993").json(), bad);
  assert.throws(() => new Request({ body: new Uint8Array([0xff]) }).json(), bad);
});

test("a log line shows values similar to their source", () => {
  const fake = new Fake();
  const cycle = { a: [1] };
  cycle.self = cycle;
  log.info("text", { a: "b" }, [1, undefined, 2n], new Map([["k", new Set([1])]]), cycle);
  log.warn(null, undefined, NaN, -0);
  const error = Object.assign(new Error("a"), { stack: "" });
  error.cause = new Map([["k", Object.assign(new TypeError("b", { cause: error }), { stack: "" })]]);
  log.error(error, error.cause);
  assert.deepEqual(fake.logs, [
    'info: text {"a":"b"} [1,undefined,2n] Map [["k",Set [1]]] {"a":[1],"self":[itself]}',
    "warn: null undefined NaN -0",
    'error: Error: a; because of Map [["k",TypeError: b; because of [itself]]] ' +
      'Map [["k",TypeError: b; because of Error: a; because of [itself]]]',
  ]);
});
