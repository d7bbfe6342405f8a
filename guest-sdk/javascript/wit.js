// The contract of `wit/`: the one place where its types meet those of the SDK. Only in a plugin.

import "./runtime/globals.js";

import * as cache from "hostel:cache/cache@0.1.0";
import { log as writeLine } from "hostel:log/log@0.1.0";
import { getRandomBytes } from "wasi:random/random@0.2.0";

import { Failure, failureOf } from "./failure.js";
import { connect } from "./host.js";
import { log, mapPlaces } from "./log.js";
import { Request } from "./request.js";
import { responseOf } from "./response.js";
import { runJobs } from "./runtime/promise.js";
import { original, place } from "./runtime/places.js";
import { allow } from "./runtime/random.js";
import { dispatch, servicesOf } from "./service.js";

const host = {
  get: cache.get,
  set: cache.set,
  delete: cache.delete,
  exists: cache.exists,
  log: writeLine,
};

/** What the plugin exports, of the module that its author wrote: called when that has loaded. */
export function start(plugin) {
  const services = servicesOf(plugin);
  const listed = Array.from(services.values(), ({ name, description }) => ({ name, description }));
  for (const error of runJobs()) throw error;
  mapPlaces(place);
  connect(host);
  allow(getRandomBytes);
  return {
    services: () => listed,
    handle: (request) => answer(services, request),
  };
}

/** The response to a request of the host; throws its failure. */
function answer(services, request) {
  try {
    const returned = dispatch(services, new Request(request));
    const service = services.get(request.service);
    const isPromise = typeof returned?.then === "function";
    return response(isPromise ? settled(returned, service) : returned, service);
  } catch (error) {
    if (!(error instanceof Failure)) log.error(error);
    const { kind, message } = failureOf(error);
    throw { kind, message: message.toWellFormed() };
  } finally {
    // What a service leaves running is done in its own request, not in the next of the instance.
    finishJobs();
  }
}

function finishJobs() {
  for (const error of runJobs()) log.error("a promise was rejected and nothing handles it:", error);
}

function response(returned, service) {
  try {
    return responseOf(returned);
  } catch (error) {
    throw new TypeError(`${error.message} (in the answer of ${called(service)})`);
  }
}

/** What a promise comes to; throws what it is rejected with. */
function settled(promise, service) {
  let outcome;
  Promise.resolve(promise).then(
    (value) => (outcome = { value }),
    (error) => (outcome = { error }),
  );
  finishJobs();
  if (outcome === undefined) {
    throw new Error(
      `${called(service)} waits for a promise that nothing settles: there are no timers and no ` +
        "network here, so all of a request is done in one go",
    );
  }
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

/** The service with its place, for errors that have no better one. */
function called({ name, value }) {
  const { lineNumber, columnNumber } = value.prototype?.handle ?? value;
  const map = globalThis.HOSTEL_SOURCE_MAP;
  const where = map && original(map, lineNumber, columnNumber);
  return `the service ${name}${where ? ` (${where})` : ""}`;
}
