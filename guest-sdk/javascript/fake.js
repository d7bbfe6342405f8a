import { Failure, failureOf } from "./failure.js";
import { FakeCache } from "./fake/cache.js";
import { Clock } from "./fake/clock.js";
import { configFunctions } from "./fake/config.js";
import { FakeHttp } from "./fake/http.js";
import { requestOf } from "./fake/request.js";
import { Routes } from "./fake/routes.js";
import { connect } from "./host.js";
import { log } from "./log.js";
import { isPrivate, problemOf, responseWithHeaders } from "./problem.js";
import { Request } from "./request.js";
import { Response, responseOf } from "./response.js";
import { dispatch, servicesOf } from "./service.js";

export class Fake {
  settings = {};
  #services;
  #clock = new Clock();
  #cache = new FakeCache(this.#clock);
  #http = new FakeHttp();
  #routes = new Routes();
  #logs = [];

  constructor(plugin) {
    this.#services = plugin === undefined ? new Map() : servicesOf(plugin);
    const log = (level, message) => void this.#logs.push(`${level}: ${message}`);
    const config = configFunctions(() => this.settings);
    connect({ ...this.#cache.functions(), ...this.#http.functions(), ...config, log });
  }

  async call(service, payload) {
    if (payload === undefined) return this.callWith({ service });
    if (payload instanceof Request) return this.callWith({ ...payload, service });
    const { body, contentType } = Response.json(payload);
    return this.callWith({ service, body, contentType });
  }

  async callWith(request) {
    return this.#http.watch(() => this.#call(new Request(request)));
  }

  async #call(request) {
    try {
      return responseOf(await this.#clock.show(() => dispatch(this.#services, request)));
    } catch (error) {
      return refused(failureOf(error), request);
    }
  }

  serve(route, service) {
    if (!this.#services.has(service)) {
      const names = [...this.#services.keys()].join(", ");
      throw new Error(`no service ${JSON.stringify(service)} here; there are: ${names}`);
    }
    this.#routes.add(route, service);
  }

  async http(method, path, options) {
    const request = requestOf(method, path, options);
    try {
      const { service, pathParams } = this.#matched(request.http);
      return await this.callWith({ ...request, service, http: { ...request.http, pathParams } });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (isPrivate(error)) log.error(error.cause ?? error.message);
      return problemOf(error, "");
    }
  }

  #matched({ method, path }) {
    let found;
    try {
      found = this.#routes.find(method, path);
    } catch {
      throw Failure.badRequest("the path has an invalid escape");
    }
    if (found === undefined) throw Failure.notFound("no service has this path");
    const { allow } = found;
    if (allow === undefined) return found;
    throw Failure.methodNotAllowed(`this path allows ${allow}`).withHeader("allow", allow);
  }

  route(method, url, reply) {
    this.#http.route(method, url, reply);
  }

  get requests() {
    return [...this.#http.requests];
  }

  advance(seconds) {
    this.#clock.advance(seconds);
  }

  now() {
    return this.#clock.time();
  }

  hold(key) {
    this.#cache.hold(key);
  }

  letGo(key) {
    this.#cache.letGo(key);
  }

  get logs() {
    return [...this.#logs];
  }

  get stats() {
    return { ...this.#cache.stats };
  }
}

/**
 * Converts a failure with headers to a response if the request is an HTTP request. Throws any other
 * failure, and an `internal` failure if a header is invalid.
 */
function refused(failure, request) {
  let response;
  try {
    response = responseWithHeaders(failure, request);
  } catch (invalid) {
    throw failureOf(invalid);
  }
  if (response !== undefined) return response;
  throw failure;
}
