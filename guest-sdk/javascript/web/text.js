// TextDecoder with streaming, for UTF-8, UTF-16 and windows-1252. For QuickJS.

/**
 * The global decoder of `runtime/text.js`, which decodes only complete UTF-8 texts. Destructuring
 * hides the name `TextDecoder` from the bundler, which would otherwise replace it with the class
 * below.
 */
const { TextDecoder: Utf8Decoder } = globalThis;

/** The labels of each supported encoding, as in the Encoding Standard. */
const LABELS = {
  "utf-8": [
    ...["unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "utf-8", "utf8"],
    "x-unicode20utf8",
  ],
  "utf-16le": [
    ...["csunicode", "iso-10646-ucs-2", "ucs-2", "unicode", "unicodefeff", "utf-16", "utf-16le"],
  ],
  "utf-16be": ["unicodefffe", "utf-16be"],
  "windows-1252": [
    ...["ansi_x3.4-1968", "ascii", "cp1252", "cp819", "csisolatin1", "ibm819", "iso-8859-1"],
    ...["iso-ir-100", "iso8859-1", "iso88591", "iso_8859-1", "iso_8859-1:1987", "l1", "latin1"],
    ...["us-ascii", "windows-1252", "x-cp1252"],
  ],
};

/** The windows-1252 characters for the bytes 0x80 to 0x9F; a space means a control character. */
const CP1252 = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

const NO_BYTES = new Uint8Array();

export class TextDecoder {
  #encoding;
  #fatal;
  #ignoreBOM;
  #utf8;
  /** The incomplete sequence at the end of a stream's previous chunk. */
  #left = NO_BYTES;
  /** True after the beginning of a stream: a byte order mark is removed only at the beginning. */
  #isWithin = false;

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    this.#encoding = encodingOf(String(label));
    this.#fatal = Boolean(fatal);
    this.#ignoreBOM = Boolean(ignoreBOM);
    this.#utf8 = new Utf8Decoder("utf-8", { fatal: this.#fatal, ignoreBOM: true });
  }

  get encoding() {
    return this.#encoding;
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(bytes = NO_BYTES, options) {
    let view = bytes instanceof Uint8Array ? bytes : bytesOf(bytes);
    const stream = options?.stream === true;
    if (stream || this.#left.length > 0) view = this.#whole(view, stream);
    if (this.#encoding !== "utf-8") return this.#other(view, stream);
    return this.#begun(this.#utf8.decode(view), stream);
  }

  /**
   * Prepends the bytes left by the previous chunk. If `stream` is true, keeps an incomplete
   * sequence for the next chunk.
   */
  #whole(view, stream) {
    const joined = new Uint8Array(this.#left.length + view.length);
    joined.set(this.#left);
    joined.set(view, this.#left.length);
    const end = stream ? joined.length - unfinished(joined, this.#encoding) : joined.length;
    this.#left = joined.slice(end);
    return joined.subarray(0, end);
  }

  #other(view, stream) {
    return this.#encoding === "windows-1252" ? latin(view) : this.#begun(this.#wide(view), stream);
  }

  #wide(view) {
    const units = new DataView(view.buffer, view.byteOffset, view.byteLength);
    let text = "";
    for (let at = 0; at + 1 < view.length; at += 2) {
      text += String.fromCharCode(units.getUint16(at, this.#encoding === "utf-16le"));
    }
    // An odd byte at the end and a preceding high surrogate count as one error.
    if (view.length % 2 === 1 && !/[\ud800-\udbff]$/.test(text)) text += "\ud800";
    if (this.#fatal && !text.isWellFormed()) {
      throw new TypeError(`the bytes are not valid ${this.#encoding}`);
    }
    return text.toWellFormed();
  }

  /** Removes a byte order mark at the beginning of the whole text, unless `ignoreBOM` is set. */
  #begun(text, stream) {
    const begins = !this.#isWithin;
    this.#isWithin = stream && (this.#isWithin || text !== "");
    return begins && text[0] === "\ufeff" && !this.#ignoreBOM ? text.slice(1) : text;
  }
}

function encodingOf(label) {
  const wanted = label.trim().toLowerCase();
  const found = Object.keys(LABELS).find((encoding) => LABELS[encoding].includes(wanted));
  if (found !== undefined) return found;
  const all = Object.keys(LABELS).join(", ");
  throw new RangeError(`TextDecoder does not support ${JSON.stringify(label)}, only ${all}`);
}

/** Returns the number of bytes at the end whose character may be incomplete. */
function unfinished(bytes, encoding) {
  if (encoding === "windows-1252") return 0;
  if (encoding !== "utf-8") {
    const odd = bytes.length % 2;
    const high = bytes.at(encoding === "utf-16le" ? -1 - odd : -2 - odd);
    return bytes.length >= 2 && (high & 0xfc) === 0xd8 ? 2 + odd : odd;
  }
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes.at(-back);
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return begins(byte, back > 1 ? bytes.at(1 - back) : 0x80, back) ? back : 0;
  }
  return 0;
}

/**
 * Returns true if `count` bytes may be the beginning of a longer UTF-8 character. `first` and
 * `second` are the first two of these bytes; `second` is ignored if `count` is 1. The Encoding
 * Standard restricts the second byte after some first bytes.
 */
function begins(first, second, count) {
  if (first < 0xc2 || first > 0xf4) return false;
  if (count > 1) {
    if (first === 0xe0 && second < 0xa0) return false;
    if (first === 0xed && second > 0x9f) return false;
    if (first === 0xf0 && second < 0x90) return false;
    if (first === 0xf4 && second > 0x8f) return false;
  }
  return count < (first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
}

function latin(view) {
  const replaced = (character) => {
    const found = CP1252[character.charCodeAt(0) - 0x80];
    return found === " " ? character : found;
  };
  return atob(view.toBase64()).replace(/[\x80-\x9f]/g, replaced);
}

function bytesOf(source) {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
