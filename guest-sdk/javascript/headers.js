// Headers: lists of fields, each a name and a value in bytes or, until a response is sent, a text.

/** Written so, it is the engine's own, which knows UTF-8 alone, and not that of `web/`. */
const { TextDecoder: Utf8Decoder } = globalThis;

export const DECODER = new Utf8Decoder("utf-8", { fatal: true, ignoreBOM: true });

const ENCODER = new TextEncoder();

/** What the name of a header, a method and a cookie are made of. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;

const isControl = (byte) => (byte < 32 && byte !== 9) || byte === 127;

/** The names of headers that belong to a connection, or follow from the body. */
const OF_SERVER = [
  ...["connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer"],
  ...["transfer-encoding", "upgrade"],
];

/** The values of the fields of a name, in any case, without those that are not UTF-8. */
export function valuesOf(headers, name) {
  return textsOf(headers, name).filter((text) => text !== undefined);
}

/** The same as one text; undefined without such a field, and if one of them is not UTF-8. */
export function joinedOf(headers, name) {
  const texts = textsOf(headers, name);
  if (texts.length === 0 || texts.includes(undefined)) return undefined;
  // RFC 9113, section 8.2.3, for cookies; RFC 9110, section 5.3, for all others.
  return texts.join(String(name).toLowerCase() === "cookie" ? "; " : ", ");
}

function textsOf(headers, name) {
  const lowered = String(name).toLowerCase();
  const named = headers.filter(([each]) => each.toLowerCase() === lowered);
  return named.map(([, value]) => (typeof value === "string" ? value : textOf(value)));
}

function textOf(bytes) {
  try {
    return DECODER.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * The fields of an object of names and values, or of pairs of them, with the names in lower case.
 * An array of values becomes as many fields.
 *
 * Throws a TypeError that names the header when a value is of another type.
 */
export function fieldsOf(headers) {
  const isIterable = typeof headers?.[Symbol.iterator] === "function";
  return (isIterable ? Array.from(headers) : Object.entries(headers)).flatMap((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new TypeError("each of the headers must be a pair, [name, value]");
    }
    return namedFields(...pair);
  });
}

/** The fields of one name, as `fieldsOf` returns them. */
export function namedFields(name, value) {
  const values = Array.isArray(value) ? value : [value];
  return values.map((each) => {
    const lowered = loweredName(name);
    return [lowered, typed(lowered, each)];
  });
}

/** An invalid name stays as it is: the Kelvin sign would become the letter k. */
function loweredName(name) {
  const text = String(name);
  return TOKEN.test(text) ? text.toLowerCase() : text;
}

function typed(name, value) {
  if (typeof value === "number") return String(value);
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  // A value may be a secret, so no error shows one.
  const what = value === null ? "null" : typeof value;
  const rule = "it must be a string, a number, a Uint8Array or an array of these";
  throw new TypeError(`the header ${JSON.stringify(name)} is of the type ${what}: ${rule}`);
}

/** The fields with their values in bytes. */
export function encoded(fields) {
  return fields.map(([name, value]) => [name, bytesOf(value)]);
}

/**
 * The same of a response's fields, whatever its author has put among them.
 *
 * Throws a TypeError that names the header when HTTP cannot carry it.
 */
export function checked(fields) {
  return fields.map(([name, value]) => {
    const lowered = loweredName(name);
    if (!TOKEN.test(lowered)) {
      throw refusal(lowered, "a name has only letters, digits and !#$%&'*+-.^_`|~");
    }
    if (OF_SERVER.includes(lowered)) throw refusal(lowered, "the server sets it");
    const given = typed(lowered, value);
    if (typeof given === "string" ? CONTROL.test(given) : given.some(isControl)) {
      throw refusal(lowered, "its value has a control character");
    }
    return [lowered, bytesOf(given)];
  });
}

function refusal(name, why) {
  return new TypeError(`the response header ${JSON.stringify(name)}: ${why}`);
}

function bytesOf(value) {
  return typeof value === "string" ? ENCODER.encode(value) : value;
}
