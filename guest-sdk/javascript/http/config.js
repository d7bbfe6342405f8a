// The plugin's settings and secrets. Documented in `http.d.ts`.

import { shown } from "../arguments.js";
import { hostFunction } from "../host.js";
import { methodsOf, offered } from "../offered.js";

const IMPORT = 'import { config } from "hostel-sdk"';

class Config {
  get(name, fallback) {
    return valueOf(name) ?? fallback;
  }

  require(name) {
    const value = valueOf(name);
    if (value !== undefined) return value;
    throw new Error(
      `no setting ${JSON.stringify(name)}: write it in [plugins.NAME.config], or as a secret in ` +
        "[plugins.NAME.secrets]",
    );
  }

  names() {
    return hostFunction("configNames", "config", IMPORT)();
  }
}

function valueOf(name) {
  if (typeof name !== "string" || !name.isWellFormed()) {
    const rule = 'it must be a string, as "api-key"';
    throw new TypeError(`the name of a setting is ${shown(name)}: ${rule}`);
  }
  return hostFunction("configGet", "config", IMPORT)(name) ?? undefined;
}

export const config = offered(Config, (name) => {
  const all = methodsOf(Config).join(", ");
  const meant = `config.get(${JSON.stringify(name)})`;
  throw new TypeError(`config.${name} is not offered: write ${meant}; config has: ${all}`);
});
