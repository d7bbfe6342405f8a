import { FAILURE } from "./error.js";
import { namedFields } from "./headers.js";

export class Failure extends Error {
  static {
    this.prototype.name = "Failure";
  }

  constructor(kind, message, options) {
    if (!KINDS.has(kind)) {
      const rule = `it must be one of ${[...KINDS].join(", ")}`;
      throw new TypeError(`the kind is ${String(kind)}: ${rule}`);
    }
    super(message, options);
    this.kind = kind;
  }

  withHeader(name, value) {
    this.headers = [...(this.headers ?? []), ...namedFields(name, value)];
    return this;
  }

  static badRequest(message) {
    return new Failure("bad-request", message);
  }

  static unauthorized(message) {
    return new Failure("unauthorized", message);
  }

  static forbidden(message) {
    return new Failure("forbidden", message);
  }

  static notFound(message) {
    return new Failure("not-found", message);
  }

  static methodNotAllowed(message) {
    return new Failure("method-not-allowed", message);
  }

  static conflict(message) {
    return new Failure("conflict", message);
  }

  static tooManyRequests(message) {
    return new Failure("too-many-requests", message);
  }

  static internal(message) {
    return new Failure("internal", message);
  }

  static unavailable(message) {
    return new Failure("unavailable", message);
  }
}

const KINDS = new Set([
  "bad-request",
  "unauthorized",
  "forbidden",
  "not-found",
  "method-not-allowed",
  "conflict",
  "too-many-requests",
  "internal",
  "unavailable",
]);

/**
 * Returns a thrown Failure unchanged. Converts any other value to a failure. The failure's kind is
 * the value's property `FAILURE`, or `internal` if the value does not have this property.
 */
export function failureOf(thrown) {
  if (thrown instanceof Failure) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure(thrown?.[FAILURE] ?? "internal", message, { cause: thrown });
}
