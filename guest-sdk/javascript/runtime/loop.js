// What a call waits for beside the reactions of promises: its timers, once a service uses one.

/** The timers of `web/timers.js`, which is part of a plugin that uses it alone. */
let timers = { fire: () => false, drop: () => 0 };

export function useTimers(given) {
  timers = given;
}

/** Sleeps until the next timer is due and begins it; false when there is none. */
export function fireNext() {
  return timers.fire();
}

/** Drops the timers that are still to fire, and answers how many these are. */
export function dropTimers() {
  return timers.drop();
}
