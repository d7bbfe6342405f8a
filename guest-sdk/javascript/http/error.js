import { FAILURE } from "../error.js";

/**
 * Kinds that may be temporary: if the service does not handle them, the call fails as
 * `unavailable`.
 */
const MAY_PASS = ["unreachable", "timeout", "aborted"];

export class HttpError extends Error {
  static {
    this.prototype.name = "HttpError";
  }

  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }

  get [FAILURE]() {
    return MAY_PASS.includes(this.kind) ? "unavailable" : "internal";
  }
}
