// What differs between the engines, for SpiderMonkey; `quickjs.js` says what each function does. It
// has promises, timers and text of its own, and waits for the promise that a plugin returns.

import { log } from "../log.js";
import { checkLoaded, endLoading, install as installClock } from "./clock.js";
import { noteDeadlines } from "./deadlines.js";
import { dropTimers as dropFetches, sendFetches } from "./loop.js";
import { install as installRandom } from "./random.js";

installRandom();
installClock();

export { endLoading };

// The engine's ends the instance: a service has that of `web/fetch.js`.
Reflect.deleteProperty(globalThis, "fetch");

/** The engine's own has no reason that is of any use. */
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

/** The timers that are still to fire. All else that settles a promise takes but some turns. */
const timers = new Set();

/** An error that leaves a timer ends the instance: it is told instead. */
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

/** Turns of the engine after which nothing settles a promise that waits for no timer. */
const MAX_TURNS = 1000;

export const IS_QUICKJS = false;

export const NOTHING_TO_WAIT_FOR = "no timer and no fetch is left";

export function runJobs() {}

/** Drops the timers that are still to fire, and answers how many these are. */
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
        // What came due meanwhile is before the responses.
        look = setTimeout(() => {
          settleFetches();
          turn();
        }, 0);
        return;
      }
      turns = timers.size === 0 ? turns + 1 : 0;
      if (turns > MAX_TURNS) reject(stuck());
      // The engine gives up when it waits for a promise and there is nothing to do.
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
