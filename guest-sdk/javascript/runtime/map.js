// Makes of a source map what `places.js` reads in a plugin: the author's part. Only in a build.

import { segment, segmentsOf } from "./places.js";

/** A look-up reads one part, in an engine that is slow at it. */
const SEGMENTS_OF_A_PART = 256;

/** A name as it stands in the built file. */
const NAME = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;

/**
 * The map with the sources named so; undefined names one of which nothing is said. `built` is the
 * text that the map is of.
 */
export function placesOf({ mappings, sources, names }, built, named) {
  const shown = sources.map((source) => named(source) ?? null);
  const isShown = ([, source]) => source !== undefined && shown[source] !== null;
  // Of segments in a row that are not shown, the first ends what comes before it.
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
