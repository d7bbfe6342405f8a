// Tests of the plugin runtime, run in Node.

import assert from "node:assert/strict";
import test from "node:test";

import { adviceFor, adviceOn } from "../advice.js";
import { PROVIDED } from "../provide.js";
import { advice } from "../runtime/advice.js";
import { placesOf } from "../runtime/map.js";
import { original, place, segment } from "../runtime/places.js";
import { install, runJobs } from "../runtime/promise.js";

const { Promise: NodePromise, queueMicrotask: nodeQueueMicrotask } = globalThis;

/** Runs `act` with the plugin's promises. Returns the recorded values and the unhandled errors. */
function noted(act) {
  const notes = [];
  install();
  try {
    act((note) => notes.push(note), globalThis.Promise);
    const unhandled = [];
    runJobs((error) => unhandled.push(error));
    return { notes, unhandled };
  } finally {
    globalThis.Promise = NodePromise;
    globalThis.queueMicrotask = nodeQueueMicrotask;
  }
}

test("reactions run in order when the jobs run", () => {
  const { notes } = noted((note, Promise) => {
    Promise.resolve(1).then(note);
    new Promise((resolve) => resolve(Promise.resolve(3))).then(note);
    Promise.resolve(2).then(note).then(() => note("then"));
    queueMicrotask(() => note("task"));
    note("first");
  });
  assert.deepEqual(notes, ["first", 1, 2, "task", "then", 3]);
});

test("promises are combined as in the standard", () => {
  const { notes, unhandled } = noted((note, Promise) => {
    const no = Promise.reject("no");
    Promise.all([1, Promise.resolve(2)]).then(note);
    Promise.all([1, no]).catch((error) => note(`all ${error}`));
    Promise.allSettled([1, no]).then((all) => note(all.map(({ status }) => status)));
    Promise.any([no, 3]).then(note);
    Promise.any([no]).catch((error) => note(error.errors));
    Promise.race([new Promise(() => {}), 4]).then(note);
    Promise.resolve(5).finally(() => 6).then(note);
    Promise.try(() => 7).then(note);
    Promise.all([]).then(note);
  });
  const sorted = (values) => values.map(String).sort();
  const expected = [[1, 2], "all no", ["fulfilled", "rejected"], 3, ["no"], 4, 5, 7, []];
  assert.deepEqual(sorted(notes), sorted(expected));
  assert.deepEqual(unhandled, []);
});

test("an unhandled rejection is reported", () => {
  const { unhandled } = noted((_, Promise) => {
    Promise.reject("early");
    Promise.reject("asked").catch(() => {});
    Promise.resolve().then(() => {
      throw "late";
    });
  });
  assert.deepEqual(unhandled, ["early", "late"]);
});

test("a place in the built file is mapped to the author's file", () => {
  // Line 1 has no source. Line 2 is a.js:1:1, and from column 5 a.js:3:2. Line 3 is b.js:1:1.
  const map = { mappings: ";AAAA,IAEC;ACFD", sources: ["a.js", "b.js"], names: [] };
  const all = placesOf(map, "\n\n", (source) => source);
  assert.equal(original(all, 1, 1), undefined);
  assert.equal(original(all, 2, 1), "a.js:1:1");
  assert.equal(original(all, 2, 5), "a.js:3:2");
  assert.equal(original(all, 3, 9), "b.js:1:1");
  assert.equal(original(all, 4, 1), undefined);
  const some = placesOf(map, "\n\n", (source) => (source === "a.js" ? source : undefined));
  assert.equal(original(some, 2, 5), "a.js:3:2");
  assert.equal(original(some, 3, 1), undefined);
});

test("a place is found in a line with many segments, and only in the author's files", () => {
  // Every tenth column maps to the next line and column, alternating between two files.
  const steps = Array.from({ length: 1000 }, (_, at) => [at && 10, at && (at % 2 ? 1 : -1), 1, 1]);
  const map = { mappings: steps.map(segment).join(","), sources: ["a.js", "sdk.js"], names: [] };
  const named = (source) => (source === "a.js" ? source : undefined);
  const places = placesOf(map, "", named);
  assert.ok(places.parts.length > 1);
  for (let at = 0; at < 1000; at++) {
    const expected = at % 2 ? undefined : `a.js:${at + 2}:${at + 2}`;
    assert.equal(original(places, 1, at * 10 + 1), expected);
    assert.equal(original(places, 1, at * 10 + 10), expected);
  }
});

test("a function that the bundler renamed has the author's name in errors", () => {
  const map = { mappings: "AAAAA,SAASC", sources: ["a.js"], names: ["function", "inner"] };
  globalThis.HOSTEL_PLACES = placesOf(map, "function inner2(){}", (source) => source);
  try {
    assert.equal(place("    at inner2 (hostel-plugin.js:1:10)"), "a.js:1:10 in inner");
    assert.equal(place("    at toString (hostel-plugin.js:1:10)"), "a.js:1:10 in toString");
  } finally {
    delete globalThis.HOSTEL_PLACES;
  }
});

test("an unclear error gets advice", () => {
  globalThis.HOSTEL_ADVICE = adviceFor("new WebSocket(setTimeout)", true);
  try {
    const advised = (message, isQuickJs = true) => advice(message, isQuickJs);
    assert.match(advised("Cannot convert undefined or null to object"), /at or below this line/);
    assert.match(advised("'WebSocket' is not defined", false), /a service can open no connections/);
    const unknown = ["Buffer", "x", "toString"].map((name) => `${name} is not defined`);
    for (const message of [...unknown, "no WebSocket"]) {
      assert.equal(advised(message), "", message);
    }
  } finally {
    delete globalThis.HOSTEL_ADVICE;
  }
});

test("each global name of Node or a browser exists or has advice", () => {
  const names =
    "fetch WebSocket XMLHttpRequest EventSource Request Response document window navigator " +
    "location history HTMLElement DOMParser FileReader requestAnimationFrame localStorage " +
    "sessionStorage indexedDB caches Worker SharedWorker BroadcastChannel MessageChannel self " +
    "process require module exports Buffer __dirname __filename setImmediate clearImmediate fs " +
    "Intl WebAssembly Deno Bun Blob File FormData ReadableStream WritableStream TransformStream " +
    "CompressionStream DecompressionStream TextEncoderStream TextDecoderStream " +
    "URL URLSearchParams Headers AbortController AbortSignal Event EventTarget CustomEvent " +
    "structuredClone TextDecoder console " +
    "setTimeout clearTimeout setInterval clearInterval";
  const provided = new Set(Object.values(PROVIDED).flat());
  for (const name of names.split(" ")) {
    assert.notEqual(provided.has(name), adviceOn(name, true) !== undefined, name);
    assert.ok(!provided.has(name) || adviceOn(name, false) === undefined, name);
  }
});

test("a stack line of either engine is mapped to the author's file", () => {
  const map = { mappings: "AAAA", sources: ["a.js"], names: [] };
  globalThis.HOSTEL_PLACES = placesOf(map, "", (source) => source);
  try {
    for (const [line, expected] of [
      ["    at greet (hostel-plugin.js:1:9)", "a.js:1:1 in greet"],
      ["    at <anonymous> (hostel-plugin.js:1:9)", "a.js:1:1"],
      ["    at hostel-plugin.js:1:9", "a.js:1:1"],
      ["greet@hostel-plugin.js:1:9", "a.js:1:1 in greet"],
      ["async*greet@hostel-plugin.js:1:9", "a.js:1:1 in greet"],
      ["@hostel-plugin.js:1:9", "a.js:1:1"],
      ["    at greet (<input>:1:9)", undefined],
      ["    at call (native)", undefined],
      ["handle@/somewhere/initializer.js:6:2", undefined],
    ]) {
      assert.equal(place(line), expected, line);
    }
    // In a quick build, `<input>` is the plugin's script. In other builds, it is code that a
    // service evaluates.
    globalThis.HOSTEL_PLACES.file = "<input>";
    assert.equal(place("    at greet (<input>:1:9)"), "a.js:1:1 in greet");
    assert.equal(place("    at greet (hostel-plugin.js:1:9)"), undefined);
  } finally {
    delete globalThis.HOSTEL_PLACES;
  }
});
