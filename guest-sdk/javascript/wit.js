// The contract of `wit/`: the one place where its types meet those of the SDK. Only in a plugin.

// The build puts one of `runtime/` here. It comes first: the others need what it brings.
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
 * What the plugin exports, of the module that its author wrote: called when that has loaded.
 * `interfaces` has the functions of those interfaces that the plugin uses beside `cache` and `log`.
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
 * Answers once before the state is kept: what the engine makes when it is first used is then made
 * in no instance.
 */
function warmUp() {
  const echo = servicesOf({ default: { echo: (request) => request.json() } });
  const body = new TextEncoder().encode('{"a":["b",1,true,null]}');
  for (const bytes of [body, new Uint8Array()]) {
    answer(echo, { service: "echo", id: "", contentType: null, body: bytes, http: null });
  }
}

/** The response to a request of the host, or a promise of it; throws its failure. */
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
    // What a service leaves running is done in its own request, not in the next of the instance.
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
        `${called(services, request.service)} waits for a promise that nothing settles: ` +
          engine.NOTHING_TO_WAIT_FOR,
      ),
    rejected,
    ended: dropTimers,
  });
}

/** Whether the log has been told of timers that were dropped: once is enough. */
let hasDropped = false;

function dropTimers() {
  const left = engine.dropTimers();
  if (left === 0 || hasDropped) return;
  hasDropped = true;
  log.warn(`${left} of the call's timers are dropped, as the service has responded: await them`);
}

/**
 * The response of a failure with headers. Any other error is thrown as the contract's failure; its
 * trace, or the service's place, is logged.
 */
function failed(error, services, request) {
  advise(error);
  const failure = failureOf(error);
  const { kind, message } = failure;
  if (!(error instanceof Failure)) {
    const where = called(services, request.service);
    // A place that the error names itself is not logged twice.
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
  log.error("a promise was rejected and nothing handles it:", error);
}

/** Adds what helps to the message of an error of the engine's. */
function advise(error) {
  if (error instanceof ReferenceError || error instanceof TypeError) {
    error.message += advice(error.message, engine.IS_QUICKJS);
  }
}

/** The service with its place, for errors that have no better one. */
function called(services, name) {
  const { value } = services.get(name) ?? {};
  const position = value && engine.positionOf(value.prototype?.handle ?? value);
  const map = globalThis.HOSTEL_PLACES;
  const where = position && map && original(map, position.line, position.column);
  return `the service ${name}${where ? ` (${where})` : ""}`;
}
