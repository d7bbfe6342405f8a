// Computes a value once, however many calls need it at the same time.

import { Service, cache, log } from "hostel-sdk";

// For a minute. One call in its last ten seconds computes the next value, and none has to wait.
const REPORT = { expiry: 60, early: 10 };

export class ComputeOnce extends Service {
  static description = "Computes a value once, however many calls need it at the same time.";

  handle() {
    log.info(cache.getOrSet("report", compute, REPORT));
  }
}

/** Stands for whatever is slow. */
function compute() {
  log.info("Computing ..");
  return "the-report";
}
