// What differs between the engines, for QuickJS, the engine of a service that names none. Evaluated
// before any other module of a plugin: it brings what every JavaScript has and QuickJS has not, or
// not as a service needs it.

import { endLoading, install as installClock } from "./clock.js";
import { dropTimers, waitOnce } from "./loop.js";
import { install as installPromise, runJobs } from "./promise.js";
import { install as installRandom } from "./random.js";
import { install as installText } from "./text.js";

installText();
installPromise();
installRandom();
installClock();

export { dropTimers, endLoading, runJobs };

export const IS_QUICKJS = true;

/** What a service could elsewhere wait for. */
export const NOTHING_TO_WAIT_FOR = "no timer and no fetch is left";

/** The line and the column in the built file at which a function begins. */
export function positionOf({ lineNumber, columnNumber }) {
  return { line: lineNumber, column: columnNumber };
}

/**
 * What `respond` makes of what a promise comes to; throws what it is rejected with, and what
 * `stuck` makes when nothing settles it.
 */
export function settle(promise, { respond, stuck, rejected, ended }) {
  let outcome;
  Promise.resolve(promise).then(
    (value) => (outcome = { value }),
    (error) => (outcome = { error }),
  );
  runJobs(rejected);
  while (outcome === undefined && waitOnce()) runJobs(rejected);
  ended();
  if (outcome === undefined) throw stuck();
  if ("error" in outcome) throw outcome.error;
  return respond(outcome.value);
}
