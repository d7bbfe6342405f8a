// `crypto.subtle`, for QuickJS: digests and HMAC. Other standard methods and algorithms are refused
// with an error that names them.

import { hmac } from "@noble/hashes/hmac.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";

const HASHES = { "SHA-1": sha1, "SHA-256": sha256, "SHA-384": sha384, "SHA-512": sha512 };

const OTHERS = [
  ...["decrypt", "deriveBits", "deriveKey", "encrypt", "exportKey", "generateKey"],
  ...["unwrapKey", "wrapKey"],
];

/** The bytes of each key, private to this module. */
const secrets = new WeakMap();

class CryptoKey {
  type = "secret";

  constructor(algorithm, extractable, usages) {
    Object.assign(this, { algorithm, extractable, usages: [...usages] });
  }

  get [Symbol.toStringTag]() {
    return "CryptoKey";
  }
}

function notOffered(what) {
  const offered = `digests (${Object.keys(HASHES).join(", ")}) and HMAC`;
  return new DOMException(
    `${what} is not offered, only ${offered}: use a package such as @noble/curves`,
    "NotSupportedError",
  );
}

function nameOf(algorithm) {
  return String(typeof algorithm === "string" ? algorithm : algorithm?.name).toUpperCase();
}

function hashOf(algorithm, what) {
  const hash = HASHES[nameOf(algorithm)];
  if (hash === undefined) throw notOffered(`${what} with ${nameOf(algorithm)}`);
  return hash;
}

function bytesOf(data) {
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new TypeError("the data must be an ArrayBuffer or a view of one");
}

function isHmac(algorithm, what) {
  if (nameOf(algorithm) !== "HMAC") throw notOffered(`${what} with ${nameOf(algorithm)}`);
}

function signed(algorithm, key, data, usage) {
  isHmac(algorithm, `crypto.subtle.${usage}`);
  if (!key.usages.includes(usage)) {
    throw new DOMException(`the key was not imported for ${usage}`, "InvalidAccessError");
  }
  return hmac(HASHES[key.algorithm.hash.name], secrets.get(key), bytesOf(data));
}

const subtle = {
  async digest(algorithm, data) {
    return hashOf(algorithm, "crypto.subtle.digest")(bytesOf(data)).buffer;
  },

  async importKey(format, data, algorithm, extractable, usages) {
    isHmac(algorithm, "crypto.subtle.importKey");
    const name = nameOf(algorithm.hash);
    hashOf(name, "crypto.subtle.importKey of HMAC");
    if (format !== "raw" && format !== "jwk") throw notOffered(`a key in the format ${format}`);
    const options = { alphabet: "base64url" };
    const secret =
      format === "jwk" ? Uint8Array.fromBase64(data.k, options) : bytesOf(data).slice();
    const length = secret.length * 8;
    const key = new CryptoKey({ name: "HMAC", hash: { name }, length }, extractable, usages);
    secrets.set(key, secret);
    return key;
  },

  async sign(algorithm, key, data) {
    return signed(algorithm, key, data, "sign").buffer;
  },

  async verify(algorithm, key, signature, data) {
    const [expected, given] = [signed(algorithm, key, data, "verify"), bytesOf(signature)];
    let differing = expected.length ^ given.length;
    // Compare all bytes, so that the time does not reveal the position of a difference.
    expected.forEach((byte, at) => (differing |= byte ^ given[at]));
    return differing === 0;
  },
};

for (const name of OTHERS) {
  subtle[name] = async () => {
    throw notOffered(`crypto.subtle.${name}`);
  };
}

crypto.subtle = subtle;
globalThis.CryptoKey = CryptoKey;
