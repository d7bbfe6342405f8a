import { Failure, failureOf } from "./failure.js";
import { checkKey, checkValue } from "./grammar.js";
import { connect } from "./host.js";
import { Request } from "./request.js";
import { Response, responseOf } from "./response.js";
import { dispatch, servicesOf } from "./service.js";

export class Fake {
  #services;
  #entries = new Map();
  #now = 0;
  #logs = [];
  #stats = { sets: 0, hits: 0, misses: 0, exists: 0, deletes: 0 };

  constructor(plugin) {
    this.#services = plugin === undefined ? new Map() : servicesOf(plugin);
    connect({
      get: (key) => this.#get(key),
      set: (key, value, expiry) => this.#set(key, value, expiry),
      delete: (key) => this.#delete(key),
      exists: (key) => this.#exists(key),
      log: (level, message) => this.#logs.push(`${level}: ${message}`),
    });
  }

  async call(service, payload) {
    if (payload === undefined) return this.callWith({ service });
    const { body, contentType } = Response.json(payload);
    return this.callWith({ service, body, contentType });
  }

  async callWith(request) {
    try {
      return responseOf(await dispatch(this.#services, new Request(request)));
    } catch (error) {
      throw error instanceof Failure ? error : failureOf(error);
    }
  }

  advance(seconds) {
    if (!(seconds >= 0)) throw new RangeError(`the clock goes forward, not by ${String(seconds)}`);
    // Whole milliseconds, so that three times a third is a second.
    this.#now += Math.round(seconds * 1000);
  }

  get logs() {
    return [...this.#logs];
  }

  get stats() {
    return { ...this.#stats };
  }

  #get(key) {
    const entry = this.#live(key);
    this.#stats[entry === undefined ? "misses" : "hits"]++;
    return entry?.value;
  }

  #set(key, value, expiry) {
    checkKey(key);
    checkValue(value);
    const deadline = expiry === undefined ? Infinity : this.#now + expiry * 1000;
    this.#entries.set(key, { value, deadline });
    this.#stats.sets++;
  }

  #delete(key) {
    const was = this.#live(key) !== undefined;
    this.#entries.delete(key);
    if (was) this.#stats.deletes++;
    return was;
  }

  #exists(key) {
    this.#stats.exists++;
    return this.#live(key) !== undefined;
  }

  #live(key) {
    checkKey(key);
    const entry = this.#entries.get(key);
    return entry !== undefined && this.#now < entry.deadline ? entry : undefined;
  }
}
