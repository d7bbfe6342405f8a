// The clock of a fake. It moves only when the test advances it or when a timer of a service fires.
// Services on the fake see this clock instead of the machine's. Used only in tests.

import { AsyncLocalStorage } from "node:async_hooks";

import { webStandIns } from "./web.js";

/** The clock that the running code sees, if it is not the machine's clock. */
const seen = new AsyncLocalStorage();

/** A clock that starts at the current time. `millis` counts from the start. */
export class Clock {
  millis = 0;
  #began = Date.now();
  #beganTicking = performance.now();

  advance(seconds) {
    if (!(seconds >= 0)) {
      throw new RangeError(`seconds is ${String(seconds)}: the clock moves only forward`);
    }
    // Round to milliseconds, because the product can be inexact: 1.001 * 1000 < 1001.
    this.millis += Math.round(seconds * 1000);
  }

  /** Moves the clock forward to this time. Does nothing if the clock is already later. */
  reach(millis) {
    this.millis = Math.max(this.millis, millis);
  }

  /** Returns the time for `Date.now()`. */
  time() {
    return this.#began + this.millis;
  }

  /** Returns the time for `performance.now()`. */
  ticks() {
    return this.#beganTicking + this.millis;
  }

  /**
   * Runs `act`, waits for its result and returns the result. Until then, `act` and the tasks that
   * it starts see this clock.
   */
  async show(act) {
    const hide = standIn();
    try {
      return await seen.run(this, act);
    } finally {
      hide();
    }
  }
}

/**
 * The replacements of Node's clock, timers, `fetch` and its classes. Each has the object, the
 * property to replace, and the function that creates the replacement from the original.
 */
const STAND_INS = [
  [globalThis, "Date", dateOf],
  [performance, "now", (now) => () => seen.getStore()?.ticks() ?? now.call(performance)],
  [globalThis, "setTimeout", timerOf],
  [globalThis, "setInterval", timerOf],
  ...webStandIns(() => seen.getStore() !== undefined),
];

/** The number of running functions that see the clock of a fake. */
let acts = 0;

/** The functions that restore the originals. */
let restores = [];

/**
 * Installs the replacements and returns a function that ends their use. The originals are restored
 * when the last use ends.
 */
function standIn() {
  if (acts++ === 0) restores = STAND_INS.map(([object, name, make]) => replace(object, name, make));
  return () => {
    if (--acts === 0) restores.forEach((restore) => restore());
  };
}

function replace(object, name, make) {
  const own = Object.getOwnPropertyDescriptor(object, name);
  const value = make(object[name]);
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
  return () => {
    // Keep a value that the test has set meanwhile.
    if (object[name] !== value) return;
    if (own === undefined) delete object[name];
    else Object.defineProperty(object, name, own);
  };
}

/**
 * Returns a replacement of Date with the time of the clock that the running code sees. Dates that
 * the replacement creates are real Date objects.
 */
function dateOf(Real) {
  const now = () => seen.getStore()?.time() ?? Real.now();
  const present = () => new Real(now());
  return new Proxy(Real, {
    apply: () => present().toString(),
    construct(_, given, made) {
      const values = given.length === 0 ? [now()] : given;
      return Reflect.construct(Real, values, made.prototype === Real.prototype ? Real : made);
    },
    get: (_, name) => (name === "now" ? now : Reflect.get(Real, name)),
  });
}

/**
 * Wraps a timer function: a timer that fires advances the clock, so that the service sees that the
 * timer's delay has passed.
 */
function timerOf(real) {
  const set = (act, delay, ...given) => {
    const clock = seen.getStore();
    if (clock === undefined || typeof act !== "function") return real(act, delay, ...given);
    const millis = Math.max(Math.trunc(Number(delay)) || 0, 0);
    let due = clock.millis;
    const fire = (...values) => {
      due += millis;
      clock.reach(due);
      return act(...values);
    };
    return real(fire, delay, ...given);
  };
  return Object.defineProperties(set, Object.getOwnPropertyDescriptors(real));
}
