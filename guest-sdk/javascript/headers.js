// Headers are lists of fields, each a name and a value. A value is a Uint8Array. In a response or
// failure that a service creates, a value may also be a string.

/**
 * The global decoder. On QuickJS it is the small decoder of `runtime/text.js`, for UTF-8 only.
 * Destructuring hides the name `TextDecoder` from the bundler, which would otherwise import the
 * class of `web/text.js`.
 */
const { TextDecoder: Utf8Decoder } = globalThis;

export const DECODER = new Utf8Decoder("utf-8", { fatal: true, ignoreBOM: true });

const ENCODER = new TextEncoder();

/** Matches a token of RFC 9110: a method, or the name of a header or cookie. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;

const isControl = (byte) => (byte < 32 && byte !== 9) || byte === 127;

/** Headers that only the server sets: connection headers, and the length of the body. */
const OF_SERVER = [
  ...["connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer"],
  ...["transfer-encoding", "upgrade"],
];

/**
 * Returns the value of each field of that name; the name is case-insensitive. Omits values that are
 * not UTF-8.
 */
export function valuesOf(headers, name) {
  return textsOf(headers, name).filter((text) => text !== undefined);
}

/** Joins all fields of a name. Returns undefined without fields, or if a field is not UTF-8. */
export function joinedOf(headers, name) {
  const texts = textsOf(headers, name);
  if (texts.length === 0 || texts.includes(undefined)) return undefined;
  // Join cookies as in RFC 9113, section 8.2.3, and other fields as in RFC 9110, section 5.3.
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
 * Converts an object or pairs of names and values to fields, with valid names in lower case. An
 * array of values becomes several fields.
 *
 * Throws a TypeError that names the header if a value has an unsupported type.
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

/** Returns the fields of one name, in the form of `fieldsOf`. */
export function namedFields(name, value) {
  const values = Array.isArray(value) ? value : [value];
  return values.map((each) => {
    const lowered = loweredName(name);
    return [lowered, typed(lowered, each)];
  });
}

/** Leaves an invalid name unchanged: lower case would turn the Kelvin sign into a valid `k`. */
function loweredName(name) {
  const text = String(name);
  return TOKEN.test(text) ? text.toLowerCase() : text;
}

function typed(name, value) {
  if (typeof value === "number") return String(value);
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  // Errors never show a value, because it may be a secret.
  const what = value === null ? "null" : typeof value;
  const rule = "it must be a string, a number, a Uint8Array or an array of these";
  throw new TypeError(`the header ${JSON.stringify(name)} is of the type ${what}: ${rule}`);
}

/** Returns the fields with their values as bytes. */
export function encoded(fields) {
  return fields.map(([name, value]) => [name, bytesOf(value)]);
}

/**
 * Validates a response's fields, which a service can change freely, and returns them with values as
 * bytes.
 *
 * Throws a TypeError that names the header if HTTP does not allow the header, or if only the server
 * may set it.
 */
export function checked(fields) {
  return fields.map(([name, value]) => {
    const lowered = loweredName(name);
    if (!TOKEN.test(lowered)) {
      throw refusal(lowered, "a name may contain only letters, digits and !#$%&'*+-.^_`|~");
    }
    if (OF_SERVER.includes(lowered)) throw refusal(lowered, "the server sets it");
    const given = typed(lowered, value);
    if (typeof given === "string" ? CONTROL.test(given) : given.some(isControl)) {
      throw refusal(lowered, "its value contains a control character");
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
