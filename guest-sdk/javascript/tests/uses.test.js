// Tests of `uses.js`. As in a build, the searched code has no comments and no unnecessary spaces.

import assert from "node:assert/strict";
import test from "node:test";

import { Atomics } from "../atomics.js";
import { Batch } from "../batch.js";
import { Entries } from "../entries.js";
import { INTERFACES } from "../interfaces.js";
import { Lease } from "../lease.js";
import { PARTS } from "../parts.js";
import { functionsOf, importsOf, interfacesAmong, namedIn } from "../uses.js";

test("each method is listed under the interface that it needs", () => {
  const parts = { atomics: Atomics, lease: Lease, batch: Batch, entries: Entries };
  const methods = ({ prototype }) => Object.getOwnPropertyNames(prototype).slice(1);
  const listed = Object.entries(parts).map(([name, part]) => [name, methods(part)]);
  assert.deepEqual(Object.fromEntries(listed), INTERFACES);
  assert.deepEqual(PARTS, Object.values(parts));
});

test("a name is found as a property, a text and a member of a pattern", () => {
  for (const code of [
    'cache.increment("k");',
    'sdk.cache?.increment("k");',
    'cache["increment"]("k");',
    "cache['increment'](k);",
    "cache[`increment`](k);",
    "const{get,increment}=cache;",
    "const{increment:add}=cache;",
    "run(({increment})=>increment(k));",
    "const count=cache.increment.bind(cache);",
  ]) {
    assert.deepEqual(namedIn(code), ["increment"], code);
  }
  for (const code of [
    "function increment(){}increment();",
    "cache.incrementBy(k);",
    'log.info("to increment it");',
    "const autoincrement=a.autoincrement;",
  ]) {
    assert.deepEqual(namedIn(code), [], code);
  }
  assert.deepEqual(namedIn("cache.getOrSet(k,f);cache.getMany(a)"), ["getOrSet", "getMany"]);
});

test("an export of the SDK is found as an import, under another name too, and as a member", () => {
  for (const code of [
    'import{http}from"hostel-sdk";',
    'import{cache,http as outside}from"hostel-sdk";',
    'import*as sdk from"hostel-sdk";sdk.http.get(u)',
    'const{http}=await import("hostel-sdk");',
    'require("hostel-sdk").http.get(u)',
  ]) {
    assert.deepEqual(namedIn(code), ["http"], code);
    assert.deepEqual(namedIn(code.replace("http", "config")), ["config"], code);
  }
  const others = ['fetch("http://a")', "https.get(u)", "http.get(u)", 'import h from"./http.js"'];
  for (const code of others) {
    assert.deepEqual(namedIn(code), [], code);
  }
});

test("the functions of an interface are passed to the SDK under its own names", () => {
  const config = "{ configGet: config.get, configNames: config.names }";
  assert.equal(functionsOf(["lease", "config"]), `[lease, ${config}]`);
  const [http, lease] = importsOf(["http", "lease"]).split("\n");
  assert.equal(http, 'import * as http from "hostel:http/client@0.1.0";');
  assert.equal(lease, 'import * as lease from "hostel:cache/lease@0.1.1";');
});

test("a common name is found if it may be a method of the cache", () => {
  for (const [name, codes] of Object.entries({
    keys: ['cache.keys("")', "store.keys(prefix)", "cache?.keys(p)", "const{keys}=cache;"],
    update: [
      "cache.update(k,f)",
      'store.update("a",(old)=>[...old,1])',
      "store.update(...given)",
      "store.update(key(1,2),f)",
      "const change=cache.update;",
      "store.update?.(k,f)",
    ],
    take: ["cache.take(k)", "store.take(`token:${token}`)", "const{get,take:t}=cache;"],
    expire: ["cache.expire(k,60)", 'store.expire(k,"unlimited")', "store.expire({a:1}.a,60)"],
    ttl: ["cache.ttl(k)", "store.ttl(k)", "map(cache.ttl)"],
  })) {
    for (const code of codes) assert.deepEqual(namedIn(code), [name], code);
  }
});

test("a name that certainly belongs to another object is not found", () => {
  for (const code of [
    "Object.keys(cache)",
    "for(const k of map.keys()){}",
    'createHash("sha256").update(bytes).digest()',
    'hash.update("a,b")',
    "state.update({a:1,b:[2,3]})",
    "state.update(f(1,2))",
    "state.update((a,b)=>a)",
    "values.take(5)",
    "session.expire()",
    "options.ttl",
    "{keys,update,take,expire,ttl}",
    '["keys","ttl"]',
    "tickets.ttl=5",
  ]) {
    assert.deepEqual(namedIn(code), [], code);
  }
});

test("the optional interfaces among a component's imports are added", () => {
  const log = "hostel:log/log@0.1.0";
  const cache = "hostel:cache/cache@0.1.1";
  const lease = "hostel:cache/lease@0.1.1";
  const http = "hostel:http/client@0.1.0";
  const all = [cache, http, lease, log, "wasi:random/random@0.2.0"];
  assert.deepEqual(interfacesAmong(all), [http, lease]);
});
