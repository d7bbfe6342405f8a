/** Where an error has the kind of failure that it becomes if the service does not handle it. */
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

/** The host's refusal as a CacheError; any other error as it is. */
export function refused(error) {
  const payload = error?.payload;
  return payload?.kind === undefined ? error : new CacheError(payload.kind, payload.message);
}
