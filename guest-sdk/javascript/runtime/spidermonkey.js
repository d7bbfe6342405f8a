// What differs between the engines, for SpiderMonkey; `quickjs.js` says what each function does. It
// has promises, timers and text of its own, and waits for the promise that a plugin returns.

import { install as installConsole } from "./console.js";
import { install as installRandom } from "./random.js";

installRandom();
installConsole();

// There is no network, and the engine's ends the instance: a service finds none, and is told so.
delete globalThis.fetch;

const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;

/** The timers that are still to fire. All else that settles a promise takes but some turns. */
const timers = new Set();

globalThis.setTimeout = (act, delay, ...values) => {
  const timer = setTimeout(() => {
    timers.delete(timer);
    act(...values);
  }, delay);
  timers.add(timer);
  return timer;
};

globalThis.setInterval = (...given) => {
  const timer = setInterval(...given);
  timers.add(timer);
  return timer;
};

const clearing = (clear) => (timer) => {
  timers.delete(timer);
  clear(timer);
};
globalThis.clearTimeout = clearing(clearTimeout);
globalThis.clearInterval = clearing(clearInterval);

/** Turns of the engine after which nothing settles a promise that waits for no timer. */
const MAX_TURNS = 1000;

export const IS_QUICKJS = false;

export const NOTHING_TO_WAIT_FOR = "there is no network";

export function runJobs() {}

export function positionOf() {
  return undefined;
}

export function settle(promise, { respond, fail, stuck }) {
  let look;
  const unsettled = new Promise((_, reject) => {
    let turns = 0;
    const turn = () => {
      turns = timers.size === 0 ? turns + 1 : 0;
      if (turns > MAX_TURNS) reject(stuck());
      // The engine gives up when it waits for a promise and there is nothing to do.
      else look = setTimeout(turn, timers.size === 0 ? 0 : 1);
    };
    look = setTimeout(turn, 0);
  });
  return Promise.race([promise, unsettled])
    .finally(() => clearTimeout(look))
    .then(respond)
    .catch(fail);
}
