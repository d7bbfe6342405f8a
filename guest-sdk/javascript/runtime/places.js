// Maps a line of a stack trace, which refers to the bundled file, to a place in the author's files.
// The build stores the map in HOSTEL_PLACES. A plugin decodes the map only when an error occurs.
//
// The map is like a source map, but divided into parts, so that a lookup decodes only one part. A
// part has a start line and column in the built file, and segments for `segmentsOf`.

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Matches a stack line of QuickJS, `  at name (file:1:2)`, or of SpiderMonkey, `name@file:1:2`. */
const BUILT_PLACE = /^(?:\s+at )?(?:async\*)?(.*?)[ (@]*\/?(hostel-plugin\.js|<input>):(\d+):(\d+)/;

/** The default file name of the bundled file in stack traces. */
const FILE = "hostel-plugin.js";

/**
 * Converts a stack line to the author's file, line and column, with the function's name if the line
 * has one. Returns undefined if the line is not in the author's code.
 */
export function place(line) {
  const built = BUILT_PLACE.exec(line);
  const map = globalThis.HOSTEL_PLACES;
  if (built === null || map === undefined) return undefined;
  const [, name, file, row, column] = built;
  if (file !== (map.file ?? FILE)) return undefined;
  const found = original(map, Number(row), Number(column));
  if (found === undefined) return undefined;
  const own = Object.hasOwn(map.renamed, name) ? map.renamed[name] : name;
  return own === "" || own.startsWith("<") ? found : `${found} in ${own}`;
}

/**
 * Returns the source place, `file:line:column`, of a line and column in the built file. Returns
 * undefined for a place outside the author's code.
 */
export function original({ parts, sources }, line, column) {
  const part = parts.findLast(([row, from]) => row === line && from < column);
  const covers = ([from]) => from < column;
  const [, source, row, at] = (part && segmentsOf(part[2], part[1]).findLast(covers)) ?? [];
  const file = sources[source] ?? undefined;
  return file && `${file}:${row + 1}:${at + 1}`;
}

/**
 * Decodes a line of a source map into segments with absolute numbers: the column in the built file,
 * then, if present, the source, line, column and name. The first segment is relative to `column`
 * and `state`, `[source, line, column, name]`. The function updates `state`.
 */
export function segmentsOf(line, column, state = [0, 0, 0, 0]) {
  let from = column;
  return line.split(",").map((segment) => {
    const [skipped, ...given] = numbers(segment);
    from += skipped;
    return [from, ...given.map((number, at) => (state[at] += number))];
  });
}

/**
 * Decodes the numbers of one segment (base64 VLQ): five bits per character, least significant
 * first, with the sign in the lowest bit.
 */
function numbers(segment) {
  const found = [];
  let [value, shift] = [0, 0];
  for (const character of segment) {
    const digit = BASE64.indexOf(character);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit < 32) {
      found.push(value & 1 ? -(value >> 1) : value >> 1);
      [value, shift] = [0, 0];
    }
  }
  return found;
}

/** Encodes numbers as a segment, the inverse of `numbers`. */
export function segment(values) {
  let text = "";
  for (const value of values) {
    let left = value < 0 ? (-value << 1) | 1 : value << 1;
    do {
      text += BASE64[(left & 31) | (left > 31 ? 32 : 0)];
      left >>>= 5;
    } while (left > 0);
  }
  return text;
}
