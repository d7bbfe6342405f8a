// Converts the author's part of a source map to the form that `places.js` reads. Used only in a
// build.

import { segment, segmentsOf } from "./places.js";

/**
 * The maximum number of segments in a part. A lookup decodes a whole part, which is slow in the
 * engine.
 */
const SEGMENTS_OF_A_PART = 256;

/** Matches an identifier in the built file. */
const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;

/**
 * Converts a source map. `named` returns the displayed name of a source file, or undefined to omit
 * the file. `built` is the text of the built file.
 */
export function placesOf({ mappings, sources, names }, built, named) {
  const shown = sources.map((source) => named(source) ?? null);
  const isShown = ([, source]) => source !== undefined && shown[source] !== null;
  // Of consecutive hidden segments, keep only the first: it marks the end of the segment before.
  const isKept = (each, at, all) => at === 0 || isShown(each) || isShown(all[at - 1]);
  const [parts, renamed, state] = [[], {}, [0, 0, 0, 0]];
  const lines = built.split("\n");
  for (const [at, text] of mappings.split(";").entries()) {
    const segments = text === "" ? [] : segmentsOf(text, 0, state).filter(isKept);
    for (let next = 0; next < segments.length; next += SEGMENTS_OF_A_PART) {
      parts.push(part(at + 1, segments.slice(next, next + SEGMENTS_OF_A_PART), isShown));
    }
    for (const [column, , , , name] of segments.filter(isShown)) {
      NAME.lastIndex = column;
      const [now] = (name !== undefined && NAME.exec(lines[at])) || [];
      if (now !== undefined) renamed[now] = names[name];
    }
  }
  return { parts, sources: shown, renamed };
}

function part(line, segments, isShown) {
  const [[start]] = segments;
  let last = [start, 0, 0, 0];
  const texts = segments.map((each) => {
    const now = isShown(each) ? each.slice(0, 4) : each.slice(0, 1);
    const steps = now.map((value, at) => value - last[at]);
    last = [...now, ...last.slice(now.length)];
    return segment(steps);
  });
  return [line, start, texts.join(",")];
}
