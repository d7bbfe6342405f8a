import { Failure, failureOf } from "./failure.js";
import { FakeCache } from "./fake/cache.js";
import { Clock } from "./fake/clock.js";
import { configFunctions } from "./fake/config.js";
import { FakeHttp } from "./fake/http.js";
import { connect } from "./host.js";
import { Request } from "./request.js";
import { Response, responseOf } from "./response.js";
import { dispatch, servicesOf } from "./service.js";

export class Fake {
  settings = {};
  #services;
  #clock = new Clock();
  #cache = new FakeCache(this.#clock);
  #http = new FakeHttp();
  #logs = [];

  constructor(plugin) {
    this.#services = plugin === undefined ? new Map() : servicesOf(plugin);
    const log = (level, message) => void this.#logs.push(`${level}: ${message}`);
    const config = configFunctions(() => this.settings);
    connect({ ...this.#cache.functions(), ...this.#http.functions(), ...config, log });
  }

  async call(service, payload) {
    if (payload === undefined) return this.callWith({ service });
    const { body, contentType } = Response.json(payload);
    return this.callWith({ service, body, contentType });
  }

  async callWith(request) {
    return this.#http.watch(() => this.#call(request));
  }

  async #call(request) {
    try {
      const act = () => dispatch(this.#services, new Request(request));
      return responseOf(await this.#clock.show(act));
    } catch (error) {
      throw error instanceof Failure ? error : failureOf(error);
    }
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
