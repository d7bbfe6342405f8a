// Parsers for the accessors of a request. An accessor parses only when the service calls it.

import { shortened } from "./arguments.js";
import { Failure } from "./failure.js";
import { MAX_INTEGER } from "./limits.js";

/**
 * The global decoder. On QuickJS it is the small decoder of `runtime/text.js`, for UTF-8 only.
 * Destructuring hides the name `TextDecoder` from the bundler, which would otherwise import the
 * class of `web/text.js`.
 */
const { TextDecoder: Utf8Decoder } = globalThis;

/** A decoder that replaces invalid UTF-8 with U+FFFD. */
const LENIENT = new Utf8Decoder("utf-8", { ignoreBOM: true });

const FORM_TYPE = "application/x-www-form-urlencoded";

const ESCAPES = /(?:%[\da-f]{2})+/gi;

/** Returns the decoded values of all fields of a name in a form-encoded text (URL Standard). */
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

/**
 * Returns the text of a form body. Throws a `bad-request` failure if the content type is not
 * `FORM_TYPE`. An empty body without a content type is an empty form.
 */
export function formText({ body, contentType }) {
  if (contentType === undefined && body.length === 0) return "";
  const [type] = (contentType ?? "").split(";");
  if (type.trim().toLowerCase() === FORM_TYPE) return LENIENT.decode(body);
  const rule = `it must be a form, of the content type ${FORM_TYPE}`;
  throw Failure.badRequest(`the request body: ${rule}`);
}

/**
 * Parses an integer. Throws a `bad-request` failure if the text is not an integer from
 * -(2^53 - 1) to 2^53 - 1. The message calls the text `called`.
 */
export function integerOf(text, called) {
  const refuse = (rule) => {
    throw Failure.badRequest(`${called} is ${shortened(text)}: it must be ${rule}`);
  };
  if (!/^-?\d+$/.test(text)) refuse("an integer");
  const value = Number(text);
  if (Math.abs(value) > MAX_INTEGER) refuse(`from -${MAX_INTEGER} to ${MAX_INTEGER}`);
  // Adding 0 turns -0 into 0.
  return value + 0;
}

/** Returns the value of the header's first cookie of that name, or undefined if it is missing. */
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
