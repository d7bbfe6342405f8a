// Objects with a fixed set of members. Reading most other members calls a function, which throws.

// Names that `await`, `JSON.stringify`, printing and test libraries look up on any object.
const ASKED_OF_ANY = ["asymmetricMatch", "inspect", "nodeType", "then", "toJSON"];

/**
 * Creates an instance of a class. A read of a member that the class does not have calls `refuse`
 * with the name, except for symbols and the names in `ASKED_OF_ANY`. The proxy is the prototype's
 * prototype, so access to existing members costs nothing extra.
 */
export function offered(Kind, refuse) {
  Object.setPrototypeOf(
    Kind.prototype,
    new Proxy(Object.prototype, {
      get(target, name, receiver) {
        if (typeof name === "symbol" || name in target || ASKED_OF_ANY.includes(name)) {
          return Reflect.get(target, name, receiver);
        }
        return refuse(name);
      },
    }),
  );
  return new Kind();
}

/** Returns the names of a class's methods. */
export function methodsOf({ prototype }) {
  return Object.getOwnPropertyNames(prototype).slice(1); // Skips the constructor.
}
