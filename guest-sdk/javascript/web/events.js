// Event, CustomEvent, EventTarget, AbortController and AbortSignal. For QuickJS.

import { begin } from "./timers.js";

export class Event {
  #stopped = false;

  constructor(type, { bubbles = false, cancelable = false, composed = false } = {}) {
    Object.assign(this, { type: String(type), bubbles, cancelable, composed });
    Object.assign(this, { target: null, currentTarget: null, defaultPrevented: false });
    this.timeStamp = performance.now();
  }

  preventDefault() {
    if (this.cancelable) this.defaultPrevented = true;
  }

  stopPropagation() {}

  stopImmediatePropagation() {
    this.#stopped = true;
  }

  static isStopped(event) {
    return event.#stopped;
  }
}

const { isStopped } = Event;
delete Event.isStopped;

export class CustomEvent extends Event {
  constructor(type, { detail = null, ...options } = {}) {
    super(type, options);
    this.detail = detail;
  }
}

export class EventTarget {
  #listeners = [];

  addEventListener(type, listener, options) {
    if (listener === null || listener === undefined) return;
    const { once = false, signal } = typeof options === "object" ? (options ?? {}) : {};
    if (signal?.aborted || this.#at(type, listener) >= 0) return;
    this.#listeners.push({ type: String(type), listener, once });
    signal?.addEventListener("abort", () => this.removeEventListener(type, listener));
  }

  removeEventListener(type, listener) {
    const at = this.#at(type, listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }

  dispatchEvent(event) {
    Object.assign(event, { target: this, currentTarget: this });
    for (const each of this.#listeners.filter(({ type }) => type === event.type)) {
      if (isStopped(event)) break;
      if (!this.#listeners.includes(each)) continue;
      if (each.once) this.removeEventListener(each.type, each.listener);
      // A listener's error is logged as an unhandled rejection and does not stop other listeners.
      Promise.try(() => call(each.listener, this, event));
    }
    event.currentTarget = null;
    return !event.defaultPrevented;
  }

  #at(type, listener) {
    const isThis = (each) => each.type === String(type) && each.listener === listener;
    return this.#listeners.findIndex(isThis);
  }
}

function call(listener, target, event) {
  if (typeof listener === "function") listener.call(target, event);
  else listener.handleEvent(event);
}

/** Required by the constructor of AbortSignal, so that other code cannot create signals. */
const KEY = Symbol();

export class AbortSignal extends EventTarget {
  #reason;
  #aborted = false;
  onabort = null;

  constructor(key) {
    if (key !== KEY) throw new TypeError("an AbortSignal is created by an AbortController");
    super();
  }

  get aborted() {
    return this.#aborted;
  }

  get reason() {
    return this.#reason;
  }

  throwIfAborted() {
    if (this.#aborted) throw this.#reason;
  }

  static end(signal, reason = new DOMException("This operation was aborted", "AbortError")) {
    if (signal.#aborted) return;
    signal.#aborted = true;
    signal.#reason = reason;
    const event = new Event("abort");
    if (typeof signal.onabort === "function") Promise.try(() => signal.onabort(event));
    signal.dispatchEvent(event);
  }

  static abort(reason) {
    const signal = new AbortSignal(KEY);
    end(signal, reason);
    return signal;
  }

  static timeout(milliseconds) {
    const signal = new AbortSignal(KEY);
    const why = "The operation was aborted due to timeout";
    const act = () => end(signal, new DOMException(why, "TimeoutError"));
    begin("AbortSignal.timeout", act, milliseconds, { isSilent: true });
    return signal;
  }

  static any(signals) {
    const signal = new AbortSignal(KEY);
    for (const each of signals) {
      if (each.aborted) end(signal, each.reason);
      else each.addEventListener("abort", () => end(signal, each.reason), { once: true });
    }
    return signal;
  }
}

const { end } = AbortSignal;
delete AbortSignal.end;

export class AbortController {
  #signal = new AbortSignal(KEY);

  get signal() {
    return this.#signal;
  }

  abort(reason) {
    end(this.#signal, reason);
  }
}
