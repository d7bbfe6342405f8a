// The deadlines of AbortSignal.timeout signals, which limit the time of requests.

import { now } from "./clock.js";

/**
 * The longest delay of a timer, in milliseconds. A timer with a longer delay fires at once or
 * never, so its signal has no deadline.
 */
const MAX_DELAY = 2 ** 31 - 1;

/** Maps signals to their deadlines, in milliseconds on the clock of `now`. */
const deadlines = new WeakMap();

/** Returns the deadline of a signal, or undefined if it has none. */
export function deadlineOf(signal) {
  return deadlines.get(signal);
}

/** Makes `timeout` and `any` of an AbortSignal class record the deadlines of their signals. */
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
