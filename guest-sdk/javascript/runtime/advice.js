// What is said of an error whose own words do not help: about a name of `../advice.js`, of which
// the build leaves what a plugin needs in HOSTEL_ADVICE, and about one that QuickJS places too
// early.

/** QuickJS knows no line of a pattern, and tells that of what it ran before. */
const PATTERN = "Cannot convert undefined or null to object";

const BELOW = " (is it `const { a } = ..` of nothing, at or below the line told?)";

/** What follows an error's message, maybe nothing. */
export function advice(message, isQuickJs) {
  if (isQuickJs && message === PATTERN) return BELOW;
  const [, name] = /^'?([\w$]+)'? is not defined$/.exec(message) ?? [];
  const known = globalThis.HOSTEL_ADVICE ?? {};
  return Object.hasOwn(known, name) ? `: ${known[name]}` : "";
}
