export class CacheError extends Error {
  static {
    this.prototype.name = "CacheError";
  }

  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}
