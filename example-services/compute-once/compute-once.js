// Computes a value once, however many calls need it at the same time.

import { Service, cache, log } from "hostel-sdk";

// The value expires after a minute. In its last ten seconds, one call computes the next value, and
// other calls get the old one.
const REPORT = { expiry: 60, early: 10 };

export class ComputeOnce extends Service {
  static description = "Computes a value once, however many calls need it at the same time.";

  handle() {
    log.info(cache.getOrSet("report", compute, REPORT));
  }
}

/** A placeholder for a slow computation. */
function compute() {
  log.info("Computing ..");
  return "the-report";
}
