// Connects the SDK to the WIT interfaces of the host. Used only in a plugin.

// The build resolves this to an engine's file in `runtime/`, which sets globals that the other
// modules need.
import * as engine from "hostel-engine";

import * as cache from "hostel:cache/cache@0.1.1";
import { log as writeLine } from "hostel:log/log@0.1.0";
import { getRandomBytes } from "wasi:random/random@0.2.0";

import { Failure, failureOf } from "./failure.js";
import { connect } from "./host.js";
import { hasPlace, log, mapPlaces } from "./log.js";
import { responseWithHeaders } from "./problem.js";
import { Request } from "./request.js";
import { recordOf } from "./response.js";
import { advice } from "./runtime/advice.js";
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

/**
 * Returns the plugin's exports. Called after the author's module has loaded. `interfaces` has the
 * functions of the optional interfaces that the plugin uses.
 */
export function start(plugin, interfaces) {
  const services = servicesOf(plugin);
  const listed = Array.from(services.values(), ({ name, description }) => ({ name, description }));
  engine.runJobs((error) => {
    throw error;
  });
  warmUp();
  mapPlaces(place);
  connect(Object.assign({}, host, ...interfaces));
  allow(getRandomBytes);
  engine.endLoading();
  return {
    services: () => listed,
    handle: (request) => answer(services, request),
  };
}

/**
 * Handles two requests before the snapshot, so that no instance pays for the engine's lazy
 * initialisation.
 */
function warmUp() {
  const echo = servicesOf({ default: { echo: (request) => request.json() } });
  const body = new TextEncoder().encode('{"a":["b",1,true,null]}');
  for (const bytes of [body, new Uint8Array()]) {
    answer(echo, { service: "echo", id: "", contentType: null, body: bytes, http: null });
  }
}

/**
 * Handles a request from the host. Returns the response or a promise of the response, or throws a
 * failure.
 */
function answer(services, record) {
  const request = Request.of(record);
  let waits = false;
  try {
    const returned = dispatch(services, request);
    waits = typeof returned?.then === "function";
    return waits ? settled(returned, services, request) : recordOf(returned);
  } catch (error) {
    return failed(error, services, request);
  } finally {
    // Run the remaining jobs now: otherwise they would run during the instance's next request.
    engine.runJobs(rejected);
    if (!waits) dropTimers();
  }
}

function settled(promise, services, request) {
  return engine.settle(promise, {
    respond: recordOf,
    fail: (error) => failed(error, services, request),
    stuck: () =>
      new Error(
        `${called(services, request.service)} waits for a promise that is never settled: ` +
          engine.NOTHING_TO_WAIT_FOR,
      ),
    rejected,
    ended: dropTimers,
  });
}

/** True after the first warning about dropped timers: one warning is enough. */
let hasDropped = false;

function dropTimers() {
  const left = engine.dropTimers();
  if (left === 0 || hasDropped) return;
  hasDropped = true;
  const why = "because the service has already responded: await them";
  log.warn(`${left} of the call's timers are dropped, ${why}`);
}

/**
 * Converts an error to a response if it is a failure with headers and the request came over HTTP.
 * Throws any other error as the WIT type `failure`. Logs an error that is not a Failure. If the
 * error has no place in the author's files, the log line contains the result of `called`.
 */
function failed(error, services, request) {
  advise(error);
  const failure = failureOf(error);
  const { kind, message } = failure;
  if (!(error instanceof Failure)) {
    const where = called(services, request.service);
    const has = hasPlace(error) || message.includes(where);
    log.error(error, ...(has ? [] : [`(in ${where})`]));
  }
  let response;
  try {
    response = responseWithHeaders(failure, request);
  } catch (invalid) {
    return failed(invalid, services, request);
  }
  if (response !== undefined) return response;
  throw { kind, message: message.toWellFormed() };
}

function rejected(error) {
  advise(error);
  log.error("a promise was rejected and its error is not handled:", error);
}

/** Adds advice, if there is any, to the message of a ReferenceError or a TypeError. */
function advise(error) {
  if (error instanceof ReferenceError || error instanceof TypeError) {
    error.message += advice(error.message, engine.IS_QUICKJS);
  }
}

/** Returns the service's name, and its place if known, for errors without a place. */
function called(services, name) {
  const { value } = services.get(name) ?? {};
  const position = value && engine.positionOf(value.prototype?.handle ?? value);
  const map = globalThis.HOSTEL_PLACES;
  const where = position && map && original(map, position.line, position.column);
  return `the service ${name}${where ? ` (${where})` : ""}`;
}
