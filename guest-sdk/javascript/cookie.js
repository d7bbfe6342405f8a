// Formats the value of a `set-cookie` header.

import { checkOptions, shown } from "./arguments.js";
import { TOKEN } from "./headers.js";

const OPTIONS = ["maxAge", "path", "domain", "secure", "httpOnly", "sameSite"];

const SAME_SITE = { lax: "Lax", strict: "Strict", none: "None" };

/** Matches a cookie's value: any number of `cookie-octet` (RFC 6265, section 4.1.1). */
const VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;

const VALUE_RULE =
  "a value must not contain blanks, quotes, commas, semicolons, backslashes, control characters " +
  "or non-ASCII characters: percent-encode it";

/** Formats a cookie. Throws a TypeError for an invalid part or an unknown option. */
export function cookieText(name, value, options = {}) {
  checkOptions(options, "withCookie(name, value", OPTIONS);
  const { maxAge, path = "/", domain, secure = true, httpOnly = true, sameSite = "lax" } = options;
  const refuse = (why) => {
    throw new TypeError(`the cookie ${shown(name)}: ${why}`);
  };
  const attribute = (called, text, label) => {
    if (typeof text !== "string") refuse(`its ${called} is ${shown(text)}: it must be a string`);
    if (/[;\0-\x1f\x7f]/.test(text))
      refuse(`its ${called} contains a semicolon or a control character`);
    return `; ${label}=${text}`;
  };
  if (typeof name !== "string" || !TOKEN.test(name)) {
    refuse("a name may contain only letters, digits and !#$%&'*+-.^_`|~");
  }
  // Errors never show the value, because it is often a secret.
  if (typeof value !== "string") refuse("its value must be a string");
  if (!VALUE.test(value)) refuse(VALUE_RULE);
  if (maxAge !== undefined && !(Number.isInteger(maxAge) && maxAge >= 0)) {
    refuse(`its maxAge is ${shown(maxAge)}: it must be whole seconds, 0 or more`);
  }
  if (!Object.hasOwn(SAME_SITE, sameSite)) {
    refuse(`its sameSite is ${shown(sameSite)}: it must be "lax", "strict" or "none"`);
  }
  if (sameSite === "none" && !secure) refuse("SameSite=None needs Secure");
  return [
    `${name}=${value}`,
    maxAge === undefined ? "" : `; Max-Age=${maxAge}`,
    domain === undefined ? "" : attribute("domain", domain, "Domain"),
    attribute("path", path, "Path"),
    secure ? "; Secure" : "",
    httpOnly ? "; HttpOnly" : "",
    `; SameSite=${SAME_SITE[sameSite]}`,
  ].join("");
}
