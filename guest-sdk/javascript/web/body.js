// The body of a Request or Response. It is always complete, because the host does not stream
// bodies.

/**
 * The global decoder. On QuickJS it is the small decoder of `runtime/text.js`, for UTF-8 only.
 * Destructuring hides the name `TextDecoder` from the bundler, which would otherwise import the
 * class of `text.js`.
 */
const { TextDecoder: Utf8Decoder } = globalThis;

const UTF8 = new TextEncoder();

/** The methods that read a body. The bytes of a body can be read only once. */
export class Body {
  /** The bytes, or null if there is no body. */
  #bytes;
  #isUsed = false;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  /** Always null: there are no streams. */
  get body() {
    return null;
  }

  get bodyUsed() {
    return this.#isUsed;
  }

  async arrayBuffer() {
    const { buffer, byteOffset, byteLength } = this.#take();
    const isWhole = byteLength === buffer.byteLength;
    return isWhole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
  }

  async bytes() {
    return this.#take();
  }

  async json() {
    return JSON.parse(textOf(this.#take()));
  }

  async text() {
    return textOf(this.#take());
  }

  #take() {
    return takeFrom(this) ?? new Uint8Array();
  }

  /** Sets the bytes of a body. */
  static fill(body, bytes) {
    body.#bytes = bytes;
  }

  /**
   * Returns the bytes without marking the body as read, or null if there is no body. Throws a
   * TypeError if the body was already read.
   */
  static peek(body) {
    if (!body.#isUsed) return body.#bytes;
    throw new TypeError("the body was already read: call clone() before reading it twice");
  }

  /** Like `peek`, but marks the body as read if there is one. */
  static takeFrom(body) {
    const bytes = peek(body);
    body.#isUsed = bytes !== null;
    return bytes;
  }
}

export const { fill, peek, takeFrom } = Body;
delete Body.fill;
delete Body.peek;
delete Body.takeFrom;

function textOf(bytes) {
  return new Utf8Decoder().decode(bytes);
}

/**
 * Converts a body argument to its bytes and its default media type. The bytes are null without a
 * body. The media type is omitted for bytes.
 */
export function given(body) {
  if (body === undefined || body === null) return [null];
  if (body instanceof ArrayBuffer) return [new Uint8Array(body).slice()];
  if (ArrayBuffer.isView(body)) {
    return [new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice()];
  }
  if (typeof body !== "object") return [UTF8.encode(String(body)), "text/plain;charset=UTF-8"];
  const kind = body.constructor?.name ?? "Object";
  if (kind === "URLSearchParams") {
    return [UTF8.encode(String(body)), "application/x-www-form-urlencoded;charset=UTF-8"];
  }
  const rule = "it must be a string, bytes or URLSearchParams; use JSON.stringify(..) for a value";
  throw new TypeError(`the body is a ${kind}: ${rule}`);
}
