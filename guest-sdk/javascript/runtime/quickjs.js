// The engine-specific part for QuickJS, the default engine. This module and its imports are
// evaluated before the other modules of a plugin. It adds standard features that QuickJS lacks, and
// replaces some that do not suit services.

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

/** The reason why a pending promise cannot settle, for an error message. */
export const NOTHING_TO_WAIT_FOR = "no timer and no fetch is pending";

/** Returns the line and column in the built file at which a function begins. */
export function positionOf({ lineNumber, columnNumber }) {
  return { line: lineNumber, column: columnNumber };
}

/**
 * Waits for a promise and returns `respond(result)`. Throws the error of a rejected promise, or the
 * error of `stuck()` if nothing can settle the promise.
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
