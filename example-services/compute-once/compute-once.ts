// Computes a value once, however many calls need it at the same time.

import { cache, log, type Services } from "hostel-sdk";

// The value expires after a minute. In its last ten seconds, one call computes the next value, and
// other calls get the old one.
const REPORT = { expiry: 60, early: 10 };

// An async service can wait for `compute`. Other calls wait too if the cache has no value yet.
async function computeOnce(): Promise<void> {
  log.info(await cache.getOrSet("report", compute, REPORT));
}
computeOnce.description = "Computes a value once, however many calls need it at the same time.";

/** A placeholder for a slow computation. */
async function compute(): Promise<string> {
  log.info("Computing ..");
  return "the-report";
}

export default { computeOnce } satisfies Services;
