// Replaces the domain name package of whatwg-url, which has large tables. Uses the engine's Unicode
// normalisation and character classes instead. Unlike the package, does not check the rules for
// bidirectional text and joiners.

import punycode from "punycode/";

const NOT_ASCII = /[^\0-\x7f]/;

/** Characters that a label may contain besides letters, marks, numbers and symbols. */
const OTHERS = String.raw`\-_\u00b7\u0375\u05f3\u05f4\u200c\u200d\u30fb\u30a0`;
const NOT_IN_A_LABEL = new RegExp(String.raw`[^\p{L}\p{M}\p{N}\p{S}${OTHERS}]`, "u");

/** Returns the name in ASCII, or null if it is invalid. */
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
