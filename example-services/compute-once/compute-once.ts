// Computes a value once, however many calls need it at the same time.

import { cache, log, type Services } from "hostel-sdk";

// For a minute. One call in its last ten seconds computes the next value, and none has to wait.
const REPORT = { expiry: 60, early: 10 };

// An async function may wait meanwhile, and so does each call that needs the value.
async function computeOnce(): Promise<void> {
  log.info(await cache.getOrSet("report", compute, REPORT));
}
computeOnce.description = "Computes a value once, however many calls need it at the same time.";

/** Stands for whatever is slow. */
async function compute(): Promise<string> {
  log.info("Computing ..");
  return "the-report";
}

export default { computeOnce } satisfies Services;
