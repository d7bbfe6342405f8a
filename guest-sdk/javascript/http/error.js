import { FAILURE } from "../error.js";

/** The kinds that may be gone later: a service that does not handle them is unavailable. */
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
