/**
 * The key of the property that contains an error's failure kind. If the service does not handle the
 * error, the call fails with a failure of this kind.
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
