// When signals of AbortSignal.timeout end: a request has no more time than its signal.

import { now } from "./clock.js";

/** A timer that is given longer ends at once, or never: no time is noted. */
const MAX_DELAY = 2 ** 31 - 1;

/** By the signals, in milliseconds of the clock. */
const deadlines = new WeakMap();

/** When a signal ends; undefined when no time is set for it. */
export function deadlineOf(signal) {
  return deadlines.get(signal);
}

/** Has an engine's AbortSignal note the ends of those that it makes. */
export function noteDeadlines(Signal) {
  const { timeout, any } = Signal;
  Signal.timeout = (milliseconds) => {
    const delay = Number(milliseconds);
    return noted(timeout.call(Signal, milliseconds), delay <= MAX_DELAY ? now() + delay : Infinity);
  };
  Signal.any = (signals) => {
    const all = Array.from(signals);
    const ends = all.map((signal) => deadlineOf(signal) ?? Infinity);
    return noted(any.call(Signal, all), Math.min(...ends));
  };
}

function noted(signal, deadline) {
  if (deadline < Infinity) deadlines.set(signal, deadline);
  return signal;
}
