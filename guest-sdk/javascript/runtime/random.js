// Random numbers that differ between instances. The engine's own generator would return the same
// numbers in all instances, because its state is in the snapshot. Other members of the engine's
// `crypto` are kept.

/** The host's source of random bytes, set when the module has loaded. */
let randomBytes;

/** The state of Math.random (sfc32), seeded with the host's bytes at the first use. */
let [a, b, c, counter, seeded] = [0, 0, 0, 0, false];

/**
 * Sets the source of random bytes. Without a source, random numbers are refused: during loading,
 * they would become part of the snapshot and be the same in all instances.
 */
export function allow(bytes) {
  randomBytes = bytes;
}

function bytes(count, what) {
  if (randomBytes === undefined) {
    throw new Error(
      `${what} while the module loads returns the same in every instance: use it inside a service`,
    );
  }
  return Uint8Array.from(randomBytes(count));
}

function random() {
  if (!seeded) seed();
  const high = next() >>> 5;
  return (high * 0x4000000 + (next() >>> 6)) / 0x20000000000000;
}

function seed() {
  [a, b, c, counter] = new Int32Array(bytes(16, "Math.random").buffer);
  seeded = true;
}

function next() {
  const drawn = (a + b + counter) | 0;
  counter = (counter + 1) | 0;
  a = b ^ (b >>> 9);
  b = (c + (c << 3)) | 0;
  c = (((c << 21) | (c >>> 11)) + drawn) | 0;
  return drawn;
}

const crypto = {
  getRandomValues(array) {
    if (!ArrayBuffer.isView(array)) throw new TypeError("getRandomValues needs a typed array");
    const view = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    view.set(bytes(view.length, "crypto.getRandomValues"));
    return array;
  },

  randomUUID() {
    const drawn = bytes(16, "crypto.randomUUID");
    drawn[6] = (drawn[6] & 0x0f) | 0x40;
    drawn[8] = (drawn[8] & 0x3f) | 0x80;
    const hex = drawn.toHex();
    const parts = [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]];
    return parts.map(([from, to]) => hex.slice(from, to)).join("-");
  },
};

/** Installs `Math.random`, `crypto.getRandomValues` and `crypto.randomUUID`. */
export function install() {
  const property = (value) => ({ value, configurable: true, writable: true });
  Object.defineProperty(Math, "random", property(random));
  const { getRandomValues, randomUUID } = crypto;
  const present = globalThis.crypto ?? {};
  Object.defineProperty(present, "getRandomValues", property(getRandomValues));
  Object.defineProperty(present, "randomUUID", property(randomUUID));
  Object.defineProperty(globalThis, "crypto", property(present));
}
