// Advice for unclear error messages: about a name in `../advice.js`, of which HOSTEL_ADVICE has the
// part that the plugin needs, and about an error that QuickJS reports at the wrong line.

/** QuickJS has no line numbers for destructuring patterns, and reports the line executed before. */
const PATTERN = "Cannot convert undefined or null to object";

const BELOW = " (is it `const { a } = ..` of null or undefined, at or below this line?)";

/** Returns the text to append to an error's message, possibly empty. */
export function advice(message, isQuickJs) {
  if (isQuickJs && message === PATTERN) return BELOW;
  const [, name] = /^'?([\w$]+)'? is not defined$/.exec(message) ?? [];
  const known = globalThis.HOSTEL_ADVICE ?? {};
  return Object.hasOwn(known, name) ? `: ${known[name]}` : "";
}
