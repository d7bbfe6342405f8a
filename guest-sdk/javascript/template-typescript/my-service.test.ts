import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "hostel-sdk/fake";
import * as plugin from "./my-service.ts";

test("greetings are counted for an hour", async () => {
  const fake = new Fake(plugin);
  const greet = async () => (await fake.call("greet", { name: "Ada" })).json();

  assert.equal(await greet(), "Hello, Ada! (1)");
  assert.equal(await greet(), "Hello, Ada! (2)");
  fake.advance(3600);
  assert.equal(await greet(), "Hello, Ada! (1)");
  assert.equal(fake.logs[0], "info: greetings of Ada: 1");
});

test("a request without a body greets the world", async () => {
  const answer = await new Fake(plugin).call("greet");
  assert.equal(answer.json(), "Hello, world! (1)");
});
