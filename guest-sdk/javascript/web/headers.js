// The Headers of the Fetch Standard, for both engines.

const NAME = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

export class Headers {
  /** The values of each name in order. Names are in lower case. */
  #values = new Map();

  constructor(init = {}) {
    if (typeof init !== "object" || init === null) {
      throw new TypeError("the argument of Headers must be an object or pairs of name and value");
    }
    const pairs = typeof init[Symbol.iterator] === "function" ? init : Object.entries(init);
    for (const pair of pairs) {
      const [name, value, ...more] = pair;
      if (value === undefined || more.length > 0) {
        throw new TypeError("each entry of Headers must be a pair of a name and a value");
      }
      this.append(name, value);
    }
  }

  append(name, value) {
    const key = keyOf(name);
    const values = this.#values.get(key) ?? [];
    this.#values.set(key, [...values, valueOf(key, value)]);
  }

  delete(name) {
    this.#values.delete(keyOf(name));
  }

  get(name) {
    return this.#values.get(keyOf(name))?.join(", ") ?? null;
  }

  getSetCookie() {
    return [...(this.#values.get("set-cookie") ?? [])];
  }

  has(name) {
    return this.#values.has(keyOf(name));
  }

  set(name, value) {
    const key = keyOf(name);
    this.#values.set(key, [valueOf(key, value)]);
  }

  forEach(act, thisValue) {
    for (const [name, value] of this) act.call(thisValue, value, name, this);
  }

  *entries() {
    for (const name of [...this.#values.keys()].sort()) {
      if (name !== "set-cookie") yield [name, this.get(name)];
      else for (const cookie of this.getSetCookie()) yield [name, cookie];
    }
  }

  *keys() {
    for (const [name] of this) yield name;
  }

  *values() {
    for (const [, value] of this) yield value;
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  get [Symbol.toStringTag]() {
    return "Headers";
  }
}

function keyOf(name) {
  const text = String(name);
  if (!NAME.test(text)) throw new TypeError(`${JSON.stringify(text)} is not a header name`);
  return text.toLowerCase();
}

function valueOf(name, value) {
  const text = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  if (/[\0\n\r]|[^\0-\xff]/.test(text)) {
    throw new TypeError(`${JSON.stringify(text)} is not a value for the header ${name}`);
  }
  return text;
}
