// What whatwg-url asks of its package for the names of domains, whose tables are half a megabyte.
// The engine's own normalisation and letters stand in for them: what those know is the same.

import punycode from "punycode/";

const NOT_ASCII = /[^\0-\x7f]/;

/** What a name may have beside letters, marks and digits. */
const OTHERS = String.raw`\-_\u00b7\u0375\u05f3\u05f4\u200c\u200d\u30fb\u30a0`;
const NOT_IN_A_LABEL = new RegExp(String.raw`[^\p{L}\p{M}\p{N}\p{S}${OTHERS}]`, "u");

/** The name in ASCII, or null when it is none. */
export function toASCII(domain) {
  const name = domain.toLowerCase().normalize("NFKC").toLowerCase().normalize("NFC");
  const visible = name.replace(/[\u00ad\u200b\u2060\ufe00-\ufe0f]/g, "");
  const labels = visible.replace(/[\u3002\uff0e\uff61]/g, ".").split(".");
  return labels.every(isLabel) ? labels.map(inAscii).join(".") : null;
}

function isLabel(label) {
  if (label.startsWith("xn--")) return !NOT_ASCII.test(label) && isEncoded(label);
  return !NOT_ASCII.test(label) || !(NOT_IN_A_LABEL.test(label) || /^\p{M}/u.test(label));
}

function isEncoded(label) {
  try {
    return NOT_ASCII.test(punycode.decode(label.slice(4)));
  } catch {
    return false;
  }
}

function inAscii(label) {
  return NOT_ASCII.test(label) ? `xn--${punycode.encode(label)}` : label;
}
