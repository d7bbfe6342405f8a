import { host } from "./host.js";

export const log = {
  debug: (...values) => write("debug", values),
  info: (...values) => write("info", values),
  warn: (...values) => write("warn", values),
  error: (...values) => write("error", values),
};

function write(level, values) {
  host.log(level, values.map(shown).join(" ").toWellFormed());
}

/**
 * Formats a value for the log. Returns a string unchanged, an error with its places in the author's
 * files, and any other value in a form similar to source code.
 */
export function shown(value) {
  return outer(value, []);
}

function outer(value, above) {
  return typeof value === "string" ? value : inner(value, above);
}

function inner(value, above) {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return `[function ${value.name || "without a name"}]`;
    case "object":
      return value === null ? "null" : container(value, above);
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

function container(value, above) {
  if (above.includes(value)) return "[itself]";
  if (value instanceof Error) return shownError(value, [...above, value]);
  if (value instanceof Date) return Number.isNaN(+value) ? "[invalid date]" : value.toISOString();
  const within = [...above, value];
  const list = (values) => Array.from(values, (value) => inner(value, within)).join(",");
  const name = Object.getPrototypeOf(value)?.constructor?.name ?? "Object";
  if (Array.isArray(value)) return `[${list(value)}]`;
  if (value instanceof Set) return `Set [${list(value)}]`;
  if (value instanceof Map) return `Map [${list(value)}]`;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return `${name} [${list(value)}]`;
  const members = Object.keys(value).map(
    (key) => `${JSON.stringify(key)}:${inner(value[key], within)}`,
  );
  return `${name === "Object" ? "" : `${name} `}{${members.join(",")}}`;
}

/**
 * Formats an error: its name, its message, its places in the author's files (innermost first), and
 * its cause.
 */
function shownError(error, within) {
  const { cause } = error;
  const places = placesOf(error);
  const where = places.length === 0 ? "" : ` at ${places.join(", ")}`;
  const because = cause === undefined ? "" : `; because of ${outer(cause, within)}`;
  return `${error.name}: ${error.message}${where}${because}`;
}

/** Returns true if a thrown value has places in the author's files. */
export function hasPlace(thrown) {
  return thrown instanceof Error && placesOf(thrown).length > 0;
}

/** Returns the places of an error in the author's files, innermost first. */
function placesOf({ stack }) {
  return String(stack ?? "")
    .split("\n")
    .map((line) => place(line))
    .filter((place) => place !== undefined);
}

/**
 * Converts a stack line to a place in the author's files. Returns undefined to omit the line. This
 * default, which tests use, omits no place.
 */
let place = (line) => /^\s+at (.*)/.exec(line)?.[1];

/** Sets the function that converts a stack line to a place in the author's files. */
export function mapPlaces(map) {
  place = map;
}
