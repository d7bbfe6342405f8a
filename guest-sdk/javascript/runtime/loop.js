// What a call waits for beside the reactions of promises: its timers and its fetches, once a
// service uses them.

/**
 * The timers of `web/timers.js`, which is part of a plugin that uses it alone. `fire` sleeps until
 * the next one is due and begins it; not one that is later than the time that it is given.
 */
let timers = { fire: () => false, drop: () => 0 };

/** What `web/fetch.js` has for it, in a plugin that uses that. */
let fetches;

export function useTimers(given) {
  timers = given;
}

export function useFetches(given) {
  fetches = given;
}

/** Does the next of what the call waits for; false when there is nothing. */
export function waitOnce() {
  return fetches?.turn(timers) || timers.fire();
}

/** Sends the fetches, and returns what settles them; undefined when there is none. */
export function sendFetches() {
  return fetches?.send();
}

/** Drops what is still to be sent or to fire, and answers how many timers these are. */
export function dropTimers() {
  fetches?.drop();
  return timers.drop();
}
