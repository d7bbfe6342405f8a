// Tests of settings and secrets.

import assert from "node:assert/strict";
import test from "node:test";

import { Fake } from "../fake.js";
import { config } from "../index.js";

test("a setting is a string, and a missing one is undefined or the default", () => {
  const fake = new Fake();
  assert.deepEqual([config.get("a"), config.get("a", 5), config.names()], [undefined, 5, []]);
  fake.settings = { b: "2", a: "" };
  assert.deepEqual([config.get("a", 5), config.get("b"), config.names()], ["", "2", ["a", "b"]]);
  fake.settings.a = "1";
  assert.equal(config.require("a"), "1");
  assert.equal(config.get("toString"), undefined);
});

test("a required setting that is missing is an error with the fix", () => {
  const fake = new Fake();
  assert.throws(() => config.require("api-key"), {
    message:
      'no setting "api-key": write it in [plugins.NAME.config], or as a secret in ' +
      "[plugins.NAME.secrets]",
  });
  fake.settings = { "api-key": 5 };
  assert.throws(() => config.require("api-key"), /the setting api-key of the fake is 5/);
});

test("an invalid name is refused, and an unknown method lists the methods", () => {
  new Fake();
  for (const name of [undefined, 5, "\ud800"]) {
    assert.throws(() => config.get(name), /the name of a setting is .*: it must be a string/);
    assert.throws(() => config.require(name), TypeError);
  }
  const message =
    /config.apiKey is not offered: write config.get\("apiKey"\); config has: get, require/;
  assert.throws(() => config.apiKey, message);
});
