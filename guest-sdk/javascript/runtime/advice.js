// Advice for unclear error messages, about undefined names and about an error that QuickJS reports
// at the wrong line. HOSTEL_ADVICE contains the advice of `../advice.js` that the plugin needs.

/**
 * QuickJS's message if a destructured value is null or undefined. QuickJS has no line numbers for
 * patterns: it reports the line that was executed before the pattern.
 */
const PATTERN = "Cannot convert undefined or null to object";

const BELOW = " (is it `const { a } = ..` of null or undefined, at or below this line?)";

/** Returns the text to append to an error's message, possibly empty. */
export function advice(message, isQuickJs) {
  if (isQuickJs && message === PATTERN) return BELOW;
  const [, name] = /^'?([\w$]+)'? is not defined$/.exec(message) ?? [];
  const known = globalThis.HOSTEL_ADVICE ?? {};
  return Object.hasOwn(known, name) ? `: ${known[name]}` : "";
}
