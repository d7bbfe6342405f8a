// structuredClone, for QuickJS.

const ERRORS = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

export function structuredClone(value, options) {
  if (arguments.length === 0) throw new TypeError("structuredClone needs a value");
  const transfer = new Set(options?.transfer ?? []);
  for (const each of transfer) {
    if (!(each instanceof ArrayBuffer)) refuse(each, "only an ArrayBuffer can be transferred");
  }
  return copy(value, { seen: new Map(), transfer });
}

function refuse(value, why = "its state is not accessible") {
  const what = typeof value === "object" ? Object.prototype.toString.call(value) : String(value);
  throw new DOMException(`${what} could not be cloned: ${why}`, "DataCloneError");
}

function copy(value, state) {
  if (typeof value === "function" || typeof value === "symbol") refuse(value);
  if (typeof value !== "object" || value === null) return value;
  const { seen } = state;
  if (seen.has(value)) return seen.get(value);
  const made = madeOf(value, state);
  seen.set(value, made);
  fill(made, value, state);
  return made;
}

/** Creates the copy of an object. `fill` then adds the members. */
function madeOf(value, state) {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (Array.isArray(value)) return new Array(value.length);
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  if (value instanceof Error) return errorOf(value);
  if (value instanceof ArrayBuffer) {
    return state.transfer.has(value) ? value.transfer() : value.slice();
  }
  if (ArrayBuffer.isView(value)) return viewOf(value, state);
  if (["Boolean", "Number", "String", "BigInt"].includes(tag)) return Object(value.valueOf());
  const isOpaque = [Promise, WeakMap, WeakSet, WeakRef].some((kind) => value instanceof kind);
  if (isOpaque || tag === "Generator") refuse(value);
  return {};
}

function errorOf(error) {
  const Kind = ERRORS.find(({ name }) => name === error.name) ?? Error;
  const made = new Kind(error.message);
  hide(made, "stack", error.stack);
  if (Object.hasOwn(error, "cause")) hide(made, "cause", error.cause);
  return made;
}

function hide(object, name, value) {
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
}

function viewOf(view, state) {
  const { constructor, byteOffset, byteLength } = view;
  const buffer = copy(view.buffer, state);
  const length = view instanceof DataView ? byteLength : view.length;
  return new constructor(buffer, byteOffset, length);
}

function fill(made, value, state) {
  if (value instanceof Map) {
    for (const [key, each] of [...value]) made.set(copy(key, state), copy(each, state));
  } else if (value instanceof Set) {
    for (const each of [...value]) made.add(copy(each, state));
  } else if (value instanceof Error) {
    if (Object.hasOwn(made, "cause")) hide(made, "cause", copy(made.cause, state));
  } else if (Array.isArray(value) || Object.getPrototypeOf(made) === Object.prototype) {
    for (const key of Object.keys(value)) {
      const property = { value: copy(value[key], state), configurable: true, enumerable: true };
      Object.defineProperty(made, key, { ...property, writable: true });
    }
  }
}
