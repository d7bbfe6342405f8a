// The body of a Request and of a Response: whole from the beginning, as the host sends none in
// parts.

/** Written so, it is the engine's own, which knows UTF-8 alone, and not that of `text.js`. */
const { TextDecoder: Utf8Decoder } = globalThis;

const UTF8 = new TextEncoder();

/** What is read of a body, once. */
export class Body {
  /** Null where there is none. */
  #bytes;
  #isUsed = false;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  /** There are no streams: what a body has is read as a whole. */
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

  /** Gives a body other bytes, which it keeps. */
  static fill(body, bytes) {
    body.#bytes = bytes;
  }

  /** The bytes of a body that was not read, which stays so; null where there is none. */
  static peek(body) {
    if (!body.#isUsed) return body.#bytes;
    throw new TypeError("the body was read already: it is read once, or clone() is called before");
  }

  /** The same, and the body is read. */
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

/** The bytes that a body is given as, and the media type that goes with them, if there is one. */
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
  const rule = "it is a text, bytes or URLSearchParams; JSON.stringify(..) makes a text of a value";
  throw new TypeError(`a body cannot be a ${kind}: ${rule}`);
}
