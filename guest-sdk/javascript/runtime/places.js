// From a line of the engine's stack, which is about the one file that the build makes of all, to a
// place in the author's files, by the map that the build leaves in HOSTEL_PLACES. It is read when
// an error is logged, never before.
//
// The map is of the source map's kind, cut in parts so that no look-up reads it all. A part is the
// line and the column in the built file at which it begins, and segments: from `segmentsOf`.

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** What QuickJS writes, `  at name (file:1:2)`, and what SpiderMonkey does, `name@file:1:2`. */
const BUILT_PLACE = /^(?:\s+at )?(?:async\*)?(.*?)[ (@]*\/?(hostel-plugin\.js|<input>):(\d+):(\d+)/;

/** What stacks call the one file, unless the map says otherwise. */
const FILE = "hostel-plugin.js";

/** The line with the author's file, line and column; undefined when it is not about their code. */
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

/** The place, `file:line:column`, that a line and a column of the built file come from. */
export function original({ parts, sources }, line, column) {
  const part = parts.findLast(([row, from]) => row === line && from < column);
  const covers = ([from]) => from < column;
  const [, source, row, at] = (part && segmentsOf(part[2], part[1]).findLast(covers)) ?? [];
  const file = sources[source] ?? undefined;
  return file && `${file}:${row + 1}:${at + 1}`;
}

/**
 * The segments of a line of a source map, in numbers that no longer hang on those before: the
 * column in the built file; then source, line, column and name of what is there, as far as they are
 * given. The first are counted from `column` and from `[source, line, column, name]`, which is left
 * as the last segment leaves it.
 */
export function segmentsOf(line, column, state = [0, 0, 0, 0]) {
  let from = column;
  return line.split(",").map((segment) => {
    const [skipped, ...given] = numbers(segment);
    from += skipped;
    return [from, ...given.map((number, at) => (state[at] += number))];
  });
}

/** The numbers of one segment: five bits a character, least first, the sign in the lowest. */
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

/** A segment of these numbers: what `numbers` reads. */
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
