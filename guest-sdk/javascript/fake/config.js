// The settings and secrets of a fake. Used only in tests.

import { shown } from "../arguments.js";

/**
 * Returns the host's functions for settings, by name. `settings` returns the names and values that
 * the test has set.
 */
export function configFunctions(settings) {
  const values = () => {
    const pairs = Object.entries(settings());
    const [name, value] = pairs.find(([, value]) => typeof value !== "string") ?? [];
    if (name === undefined) return new Map(pairs);
    throw new TypeError(`the setting ${name} of the fake is ${shown(value)}: it must be a string`);
  };
  return {
    configGet: (name) => values().get(name),
    configNames: () => Array.from(values().keys()).sort(),
  };
}
