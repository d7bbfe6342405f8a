// setTimeout and setInterval, for QuickJS. A call sleeps until the next timer is due, and other
// calls run meanwhile; what is still to fire when the service has responded is dropped.

import { subscribeDuration } from "wasi:clocks/monotonic-clock@0.2.0";

import { checkLoaded, now } from "../runtime/clock.js";
import { useTimers } from "../runtime/loop.js";

/** The longest delay; a longer one is the shortest, as everywhere. */
const MAX_DELAY = 2 ** 31 - 1;

const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/** The timers by their numbers, in the order in which they were made. */
const timers = new Map();

let last = 0;

/** `isSilent` is for one that is part of something else, and that nobody waits for. */
export function begin(name, act, delay, { isRepeated = false, isSilent = false } = {}) {
  if (typeof act !== "function") throw new TypeError(`${name} takes a function`);
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

/** The number of the timer that is due first; of those due at once, the one made first. */
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
  // A handle is kept until it is dropped, and a call has few.
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
    // An error of it is told as one of a promise is.
    Promise.try(timer.act);
    return true;
  },
  drop() {
    const left = [...timers.values()].filter(({ isSilent }) => !isSilent).length;
    timers.clear();
    return left;
  },
});
