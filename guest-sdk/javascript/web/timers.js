// `setTimeout` and `setInterval`, for QuickJS. A call sleeps until the next timer is due, while
// other calls run. Timers that are pending when the service has responded are dropped.

import { subscribeDuration } from "wasi:clocks/monotonic-clock@0.2.0";

import { checkLoaded, now } from "../runtime/clock.js";
import { useTimers } from "../runtime/loop.js";

/** The longest delay in milliseconds. As in Node, a longer delay is replaced by 1. */
const MAX_DELAY = 2 ** 31 - 1;

const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/** The timers by number, in the order of creation. */
const timers = new Map();

let last = 0;

/** Starts a timer and returns its number. `drop` does not count timers with `isSilent`. */
export function begin(name, act, delay, { isRepeated = false, isSilent = false } = {}) {
  if (typeof act !== "function") throw new TypeError(`the argument of ${name} must be a function`);
  checkLoaded(name);
  const wanted = Number(delay) || 0;
  const every = wanted > MAX_DELAY ? 1 : Math.max(wanted, isRepeated ? 1 : 0);
  timers.set(++last, { act, at: now() + every, every, isRepeated, isSilent });
  return last;
}

export function setTimeout(act, delay, ...values) {
  return begin("setTimeout", typeof act === "function" && (() => act(...values)), delay);
}

export function setInterval(act, delay, ...values) {
  const bound = typeof act === "function" && (() => act(...values));
  return begin("setInterval", bound, delay, { isRepeated: true });
}

export function clearTimeout(timer) {
  timers.delete(timer);
}

export { clearTimeout as clearInterval };

/**
 * Returns the number of the timer that is due first. If several are due at the same time, returns
 * the number of the oldest one.
 */
function next() {
  let first;
  for (const [number, { at }] of timers) {
    if (first === undefined || at < timers.get(first).at) first = number;
  }
  return first;
}

function sleep(milliseconds) {
  if (milliseconds <= 0) return;
  const pollable = subscribeDuration(Math.ceil(milliseconds * NANOSECONDS_PER_MILLISECOND));
  pollable.block();
  // Drop the handle: the number of handles of a call is limited.
  pollable[Symbol.dispose]();
}

useTimers({
  fire(until = Infinity) {
    const number = next();
    const timer = timers.get(number);
    if (timer === undefined || timer.at > until) return false;
    sleep(timer.at - now());
    if (timer.isRepeated) timer.at = now() + timer.every;
    else timers.delete(number);
    // An error of the timer is logged as an unhandled rejection.
    Promise.try(timer.act);
    return true;
  },
  drop() {
    const left = [...timers.values()].filter(({ isSilent }) => !isSilent).length;
    timers.clear();
    return left;
  },
});
