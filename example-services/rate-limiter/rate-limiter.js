// Allows a limited number of calls a minute.

import { Failure, Service, cache, log } from "hostel-sdk";

const MAX_CALLS = 5;
const WINDOW = 60;

export class RateLimiter extends Service {
  static description = "Allows five calls a minute.";

  handle() {
    // The window begins with its first call: a later call does not change the expiry.
    const calls = cache.increment("calls", 1, { expiry: WINDOW });
    if (calls > MAX_CALLS) {
      throw Failure.tooManyRequests(`at most ${MAX_CALLS} calls a minute`);
    }
    log.info(`Call ${calls} of ${MAX_CALLS}`);
  }
}
