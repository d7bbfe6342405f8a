// The event sources of a call besides promise reactions: timers and fetches, if the service uses
// them.

/**
 * The functions of `web/timers.js`, in a plugin that includes that file. `fire` sleeps until the
 * next timer is due and runs it, unless the timer is due later than the given time.
 */
let timers = { fire: () => false, drop: () => 0 };

/** The functions of `web/fetch.js`, in a plugin that uses `fetch`. */
let fetches;

export function useTimers(given) {
  timers = given;
}

export function useFetches(given) {
  fetches = given;
}

/** Waits for the next event of the call and handles it. Returns false if no event is left. */
export function waitOnce() {
  return fetches?.turn(timers) || timers.fire();
}

/**
 * Sends the waiting fetches and returns a function that settles their promises. Returns undefined
 * if no fetch is waiting, or if sending throws.
 */
export function sendFetches() {
  return fetches?.send();
}

/**
 * Drops the remaining fetches and timers. Returns the number of dropped timers, without those of
 * AbortSignal.timeout.
 */
export function dropTimers() {
  fetches?.drop();
  return timers.drop();
}
