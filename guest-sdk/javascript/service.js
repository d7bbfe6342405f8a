import { Failure } from "./failure.js";

export class Service {
  handle(_request) {
    throw Failure.internal(`the service ${this.constructor.name} has no method handle`);
  }
}

const HINT =
  "export a class that extends Service, or `export default { name: function }` with the services";

/**
 * Returns the services that a plugin's module exports, by name.
 *
 * Throws a TypeError if there are no services, if two different services have the same name, if the
 * default export is a function, or if one of its members is not a function or class.
 */
export function servicesOf(plugin) {
  const services = new Map();
  const { default: listed, ...named } = plugin;
  for (const [key, value] of Object.entries(named)) {
    if (isService(value)) add(services, key, value);
  }
  if (typeof listed === "function") {
    throw new TypeError("the default export has no name: `export default { name: function }`");
  }
  for (const [key, value] of Object.entries(listed ?? {})) add(services, key, value);
  if (services.size === 0) throw new TypeError(`no service is exported: ${HINT}`);
  return services;
}

function add(services, key, value) {
  if (typeof value !== "function") {
    throw new TypeError(`${key} is neither a function nor a class that extends Service`);
  }
  const name = serviceName(key);
  const present = services.get(name);
  if (present !== undefined && present.value !== value) {
    throw new TypeError(`two services have the name ${name}: rename one of them`);
  }
  const description = String(value.description ?? "");
  const handle = isService(value) ? (request) => new value().handle(request) : value;
  services.set(name, { name, description, handle, value });
}

function isService(value) {
  return typeof value === "function" && value.prototype instanceof Service;
}

/**
 * Converts a name to words in lower case with hyphens (`userProfile` to `user-profile`). Returns
 * the name unchanged if it does not begin with an ASCII letter, or if it contains characters other
 * than ASCII letters, digits and underscores.
 */
function serviceName(key) {
  if (!/^[A-Za-z]\w*$/.test(key)) return key;
  const words = key.replace(/([a-z\d])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$1$3-$2");
  return words.replaceAll("_", "-").toLowerCase();
}

/**
 * Passes the request to the service of the name in `request.service`. Returns the result, which may
 * be a promise.
 *
 * Throws the service's error, or a not-found failure if there is no such service.
 */
export function dispatch(services, request) {
  const service = services.get(request.service);
  if (service === undefined) {
    const names = [...services.keys()].join(", ");
    const name = JSON.stringify(request.service);
    throw Failure.notFound(`no service ${name} here; there are: ${names}`);
  }
  return service.handle(request);
}
