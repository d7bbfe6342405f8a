/**
 * The property of an error with the kind of failure that the error becomes if the service does not
 * handle it.
 */
export const FAILURE = Symbol("failure");

export class CacheError extends Error {
  static {
    this.prototype.name = "CacheError";
  }

  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }

  get [FAILURE]() {
    return this.kind === "unavailable" ? "unavailable" : "internal";
  }
}

/** Converts an error of the host to a CacheError. Returns other errors unchanged. */
export function refused(error) {
  const payload = error?.payload;
  return payload?.kind === undefined ? error : new CacheError(payload.kind, payload.message);
}
