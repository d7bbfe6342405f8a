// The clock of a fake: it stands still until a test moves it, and a service on the fake sees no
// other. Only in a test.

import { AsyncLocalStorage } from "node:async_hooks";

import { webStandIns } from "./web.js";

/** The clock that the code which runs now sees, if it is not the machine's. */
const seen = new AsyncLocalStorage();

/** A clock that begins at the present time. Its milliseconds count from there. */
export class Clock {
  millis = 0;
  #began = Date.now();
  #beganTicking = performance.now();

  advance(seconds) {
    if (!(seconds >= 0)) throw new RangeError(`the clock goes forward, not by ${String(seconds)}`);
    // Whole milliseconds, so that three times a third is a second.
    this.millis += Math.round(seconds * 1000);
  }

  /** Moves the clock to these milliseconds, if it is not there yet. */
  reach(millis) {
    this.millis = Math.max(this.millis, millis);
  }

  /** The time of day, as `Date.now()` returns it. */
  time() {
    return this.#began + this.millis;
  }

  /** The time that `performance.now()` returns. */
  ticks() {
    return this.#beganTicking + this.millis;
  }

  /** What an act returns, which sees this clock, and so does all that it begins. */
  async show(act) {
    const hide = standIn();
    try {
      return await seen.run(this, act);
    } finally {
      hide();
    }
  }
}

/** What stands in for Node's clock, timers and fetch, by the object that has it and its name. */
const STAND_INS = [
  [globalThis, "Date", dateOf],
  [performance, "now", (now) => () => seen.getStore()?.ticks() ?? now.call(performance)],
  [globalThis, "setTimeout", timerOf],
  [globalThis, "setInterval", timerOf],
  ...webStandIns(() => seen.getStore() !== undefined),
];

/** How many acts are shown a clock. */
let acts = 0;

/** What puts everything back. */
let restores = [];

/** Puts the stand-ins in place, and returns what ends that once all who did so have ended it. */
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
    // What a test has put there meanwhile stays.
    if (object[name] !== value) return;
    if (own === undefined) delete object[name];
    else Object.defineProperty(object, name, own);
  };
}

/** A Date whose objects are of the real one. */
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

/** A timer that moves the clock when it fires, so that a service sees that it waited. */
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
