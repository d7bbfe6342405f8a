// The engine-specific part for SpiderMonkey, with the same exports as `quickjs.js`. The engine has
// its own promises, timers and text codecs. It waits for the promise that a plugin returns, so
// `settle` returns a promise.

import { log } from "../log.js";
import { checkLoaded, endLoading, install as installClock } from "./clock.js";
import { noteDeadlines } from "./deadlines.js";
import { dropTimers as dropFetches, sendFetches } from "./loop.js";
import { install as installRandom } from "./random.js";

installRandom();
installClock();

export { endLoading };

// The engine's `fetch` would trap, so remove it. Services use the `fetch` of `web/fetch.js`.
Reflect.deleteProperty(globalThis, "fetch");

/** Replaces the engine's `AbortSignal.any`, which does not pass on a useful reason. */
AbortSignal.any = (signals) => {
  const controller = new AbortController();
  for (const signal of signals) {
    const end = () => controller.abort(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  }
  return controller.signal;
};

noteDeadlines(AbortSignal);

const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;

/** The pending timers of `setTimeout` and `setInterval`. */
const timers = new Set();

/** Runs a timer's function and logs its error: an uncaught error would end the instance. */
function attempt(act, values) {
  try {
    act(...values);
  } catch (error) {
    log.error("a timer failed:", error);
  }
}

globalThis.setTimeout = (act, delay, ...values) => {
  checkLoaded("setTimeout");
  const timer = setTimeout(() => {
    timers.delete(timer);
    attempt(act, values);
  }, delay);
  timers.add(timer);
  return timer;
};

globalThis.setInterval = (act, delay, ...values) => {
  checkLoaded("setInterval");
  const timer = setInterval(() => attempt(act, values), delay);
  timers.add(timer);
  return timer;
};

const clearing = (clear) => (timer) => {
  timers.delete(timer);
  clear(timer);
};
globalThis.clearTimeout = clearing(clearTimeout);
globalThis.clearInterval = clearing(clearInterval);

/**
 * The number of event loop turns without timers after which a pending promise is considered stuck.
 */
const MAX_TURNS = 1000;

export const IS_QUICKJS = false;

export const NOTHING_TO_WAIT_FOR = "no timer and no fetch is pending";

export function runJobs() {}

/** Drops the pending timers and fetches. Returns the number of dropped timers. */
export function dropTimers() {
  const left = timers.size;
  timers.forEach((timer) => clearTimeout(timer));
  timers.clear();
  dropFetches();
  return left;
}

export function positionOf() {
  return undefined;
}

export function settle(promise, { respond, fail, stuck, ended }) {
  let look;
  const unsettled = new Promise((_, reject) => {
    let turns = 0;
    const turn = () => {
      const settleFetches = sendFetches();
      if (settleFetches !== undefined) {
        // Timers that became due meanwhile run before the fetches' promises are settled.
        look = setTimeout(() => {
          settleFetches();
          turn();
        }, 0);
        return;
      }
      turns = timers.size === 0 ? turns + 1 : 0;
      if (turns > MAX_TURNS) reject(stuck());
      // Keep a timer pending: the engine aborts if it waits for a promise without pending tasks.
      else look = setTimeout(turn, timers.size === 0 ? 0 : 1);
    };
    look = setTimeout(turn, 0);
  });
  return Promise.race([promise, unsettled])
    .finally(() => {
      clearTimeout(look);
      ended();
    })
    .then(respond)
    .catch(fail);
}
