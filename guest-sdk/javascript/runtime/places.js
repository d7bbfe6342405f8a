// From a line of the engine's stack, which is about the one file that the build makes of all, to a
// place in the author's files, by the source map that the build leaves in HOSTEL_SOURCE_MAP. It is
// read when an error is logged, never before.

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** What QuickJS writes, `  at name (file:1:2)`, and what SpiderMonkey does, `name@file:1:2`. */
const BUILT_PLACE = /^(?:\s+at )?(?:async\*)?(.*?)[ (@]*\/?hostel-plugin\.js:(\d+):(\d+)/;

/** The line with the author's file, line and column; undefined when it is not about their code. */
export function place(line) {
  const built = BUILT_PLACE.exec(line);
  const map = globalThis.HOSTEL_SOURCE_MAP;
  if (built === null || map === undefined) return undefined;
  const [, name, row, column] = built;
  const found = original(map, Number(row), Number(column));
  if (found === undefined) return undefined;
  return name === "" || name.startsWith("<") ? found : `${found} in ${name}`;
}

/** The place, `file:line:column`, that a line and a column of the built file come from. */
export function original({ mappings, sources }, line, column) {
  let [source, sourceLine, sourceColumn] = [0, 0, 0];
  let found;
  const lines = mappings.split(";", line);
  for (const [at, segments] of lines.entries()) {
    let from = 0;
    for (const segment of segments === "" ? [] : segments.split(",")) {
      const [skipped, files, rows, columns] = numbers(segment);
      from += skipped;
      if (files === undefined) continue;
      source += files;
      sourceLine += rows;
      sourceColumn += columns;
      // The first place of the line stands for what comes before it.
      const covers = from < column || found === undefined;
      if (at === line - 1 && covers) found = [source, sourceLine, sourceColumn];
    }
  }
  const file = sources[found?.[0]] ?? undefined;
  return file && `${file}:${found[1] + 1}:${found[2] + 1}`;
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
