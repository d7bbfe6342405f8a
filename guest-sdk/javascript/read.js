// What the readers of a request share. Nothing is parsed before a service asks for it.

import { shortened } from "./arguments.js";
import { Failure } from "./failure.js";
import { MAX_INTEGER } from "./limits.js";

/** Written so, it is the engine's own, which knows UTF-8 alone, and not that of `web/`. */
const { TextDecoder: Utf8Decoder } = globalThis;

/** What is not UTF-8 becomes U+FFFD. */
const LENIENT = new Utf8Decoder("utf-8", { ignoreBOM: true });

const FORM_TYPE = "application/x-www-form-urlencoded";

const ESCAPES = /(?:%[\da-f]{2})+/gi;

/** The decoded values of a name in a text that is encoded as a form is, by the URL Standard. */
export function formValuesIn(text, name) {
  const values = [];
  for (const pair of text.split("&")) {
    const [key, ...rest] = pair.split("=");
    if (pair !== "" && decoded(key) === name) values.push(decoded(rest.join("=")));
  }
  return values;
}

function decoded(text) {
  return text.replaceAll("+", " ").replace(ESCAPES, (escapes) => {
    const bytes = escapes.slice(1).split("%").map((digits) => parseInt(digits, 16));
    return LENIENT.decode(new Uint8Array(bytes));
  });
}

/** The text of a body that is a form. Throws a bad request for any other. */
export function formText({ body, contentType }) {
  if (contentType === undefined && body.length === 0) return "";
  const [type] = (contentType ?? "").split(";");
  if (type.trim().toLowerCase() === FORM_TYPE) return LENIENT.decode(body);
  const rule = `it must be a form, of the content type ${FORM_TYPE}`;
  throw Failure.badRequest(`the request body: ${rule}`);
}

/** The integer in a text. Throws a bad request that calls it `called` when it is none. */
export function integerOf(text, called) {
  const refuse = (rule) => {
    throw Failure.badRequest(`${called} is ${shortened(text)}: it must be ${rule}`);
  };
  if (!/^-?\d+$/.test(text)) refuse("an integer");
  const value = Number(text);
  if (Math.abs(value) > MAX_INTEGER) refuse(`from -${MAX_INTEGER} to ${MAX_INTEGER}`);
  // Not -0, which no integer is.
  return value + 0;
}

/** The value of the first cookie of a name in the header; undefined without one. */
export function cookieIn(header, name) {
  for (const piece of header.split(";")) {
    const [key, ...rest] = piece.split("=");
    if (rest.length > 0 && trimmed(key) === name) return unquoted(trimmed(rest.join("=")));
  }
  return undefined;
}

function trimmed(text) {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

function unquoted(text) {
  return /^".*"$/.test(text) ? text.slice(1, -1) : text;
}
