// Neither engine has locale data, and both would silently ignore requested locales and options. So
// requesting them is an error. Only `toLocaleLowerCase` and `toLocaleUpperCase` accept a locale,
// unless the locale has its own case rules. Included only in a plugin that names a locale method.

const INSTEAD =
  "a service has none: format with a package that includes it (date-fns, dayjs, " +
  "@formatjs/intl), or omit this argument";

/** The languages with their own rules for upper and lower case. */
const OWN_CASES = /^(az|lt|tr)\b/i;

const always = () => true;

/** The methods, the index of their locales argument, and the test for refused locales. */
const METHODS = [
  [Number, "toLocaleString", 0, always],
  [BigInt, "toLocaleString", 0, always],
  [Array, "toLocaleString", 0, always],
  [Object.getPrototypeOf(Uint8Array), "toLocaleString", 0, always],
  [Date, "toLocaleString", 0, always],
  [Date, "toLocaleDateString", 0, always],
  [Date, "toLocaleTimeString", 0, always],
  [String, "localeCompare", 1, always],
  [String, "toLocaleLowerCase", 0, (locale) => OWN_CASES.test(locale)],
  [String, "toLocaleUpperCase", 0, (locale) => OWN_CASES.test(locale)],
];

for (const [{ prototype }, name, at, isRefused] of METHODS) {
  const method = prototype[name];
  const checked = {
    [name](...values) {
      const [locales, options] = values.slice(at);
      const asked = [locales ?? []].flat().find((locale) => isRefused(String(locale)));
      if (asked !== undefined) refuse(`${name} for the locale ${JSON.stringify(asked)}`);
      if (options !== undefined) refuse(`${name} with the options ${JSON.stringify(options)}`);
      return method.apply(this, values);
    },
  }[name];
  Object.defineProperty(prototype, name, { value: checked, configurable: true, writable: true });
}

function refuse(what) {
  throw new RangeError(`${what} needs locale data, but ${INSTEAD}`);
}
