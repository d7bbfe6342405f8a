// Computes a value once, however many calls need it at the same time.

import { cache, log, type Services } from "hostel-sdk";

// Expires after a minute. In the last ten seconds, one call computes the next value, and the
// others get the old one.
const REPORT = { expiry: 60, early: 10 };

// An async function may wait in `compute`. Other calls that need the value wait for it.
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
