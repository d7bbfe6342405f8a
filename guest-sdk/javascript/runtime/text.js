// TextEncoder and TextDecoder (UTF-8), which QuickJS lacks, built on its native functions for
// base64, escapes and URI components. `web/text.js` supports more encodings.

/**
 * Matches complete UTF-8 sequences, incomplete sequences and invalid bytes. An incomplete sequence
 * or an invalid byte becomes one U+FFFD.
 */
const SEQUENCE = new RegExp(
  String.raw`[\0-\x7f]+|[\xc2-\xdf][\x80-\xbf]|(?:\xe0[\xa0-\xbf]|\xed[\x80-\x9f]|` +
    String.raw`[\xe1-\xec\xee\xef][\x80-\xbf])[\x80-\xbf]|(?:\xf0[\x90-\xbf]|\xf4[\x80-\x8f]|` +
    String.raw`[\xf1-\xf3][\x80-\xbf])[\x80-\xbf]{2}|(\xe0[\xa0-\xbf]|\xed[\x80-\x9f]|` +
    String.raw`[\xe1-\xec\xee\xef][\x80-\xbf]|(?:\xf0[\x90-\xbf]|\xf4[\x80-\x8f]|` +
    String.raw`[\xf1-\xf3][\x80-\xbf])[\x80-\xbf]?|[\s\S])`,
  "g",
);

/** Finds non-ASCII characters: this test takes half the time of escaping the text. */
const NOT_ASCII = /[^\0-\x7f]/;

class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    const string = String(text);
    const binary = NOT_ASCII.test(string)
      ? unescape(encodeURIComponent(string.toWellFormed()))
      : string;
    return Uint8Array.fromBase64(btoa(binary));
  }

  encodeInto(text, target) {
    let [read, written] = [0, 0];
    for (const character of String(text)) {
      const bytes = this.encode(character);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      read += character.length;
      written += bytes.length;
    }
    return { read, written };
  }
}

class TextDecoder {
  #fatal;
  #ignoreBOM;

  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!/^utf-?8$/i.test(label)) throw new RangeError(`the label is ${label}: it must be utf-8`);
    this.#fatal = fatal;
    this.#ignoreBOM = ignoreBOM;
  }

  get encoding() {
    return "utf-8";
  }

  decode(bytes = new Uint8Array()) {
    const view = bytes instanceof Uint8Array ? bytes : bytesOf(bytes);
    const binary = atob(view.toBase64());
    if (!NOT_ASCII.test(binary)) return binary;
    const text = decoded(binary, this.#fatal);
    return text[0] === "\ufeff" && !this.#ignoreBOM ? text.slice(1) : text;
  }
}

function bytesOf(source) {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}

function decoded(binary, fatal) {
  try {
    return decodeURIComponent(escape(binary));
  } catch {
    if (fatal) throw new TypeError("the bytes are not valid UTF-8");
  }
  const replaced = (sequence, stray) =>
    stray === undefined ? decodeURIComponent(escape(sequence)) : "\ufffd";
  return binary.replace(SEQUENCE, replaced);
}

/** Defines TextEncoder and TextDecoder as globals. */
export function install() {
  const property = (value) => ({ value, configurable: true, writable: true });
  Object.defineProperty(globalThis, "TextEncoder", property(TextEncoder));
  Object.defineProperty(globalThis, "TextDecoder", property(TextDecoder));
}
