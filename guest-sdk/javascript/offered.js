// Objects of which every member is known, so that a wrong name says what there is.

// What awaits, writes or prints an object asks it for.
const ASKED_OF_ANY = ["asymmetricMatch", "inspect", "nodeType", "then", "toJSON"];

/**
 * An object of a class, of which `refuse` is told when it is asked for a name that it does not
 * have. Nothing is asked for the names that it has, so that these cost nothing more.
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

/** The names of a class's methods. */
export function methodsOf({ prototype }) {
  return Object.getOwnPropertyNames(prototype).slice(1); // Without the constructor.
}
