import { FAILURE } from "../error.js";

/**
 * The kinds of errors that may be temporary. If the service does not handle such an error, the call
 * fails as `unavailable`.
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
