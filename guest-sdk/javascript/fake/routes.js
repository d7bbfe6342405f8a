// The routes of a fake: they map a method and a path to a service, by the host's rules. Used only
// in tests.

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const PARAMETER = /^\{([\w-]+)\}$/;

export class Routes {
  #routes = [];

  /**
   * Adds a route such as `GET /orders/{id}`; the method is optional. Throws an Error if the route
   * is invalid, or if an earlier route has the same path (apart from the names of parameters) and
   * the same method. A route without a method conflicts with any method.
   */
  add(route, service) {
    const { method, path } = parsed(route);
    const segments = segmentsOf(path);
    const clashes = (other) =>
      shapeOf(other.segments) === shapeOf(segments) &&
      (other.method === method || other.method === undefined || method === undefined);
    const other = this.#routes.find(clashes);
    if (other !== undefined) {
      throw new Error(
        `${path} matches requests that the earlier route ${other.path} matches: give each its own path ` +
          "or methods",
      );
    }
    this.#routes.push({ method, path, segments, service });
  }

  /**
   * Returns the service and the path parameters of a request, or the value of the `allow` header if
   * the method does not match. Returns undefined if no route matches the path. Throws a URIError
   * for an invalid escape.
   */
  find(method, path) {
    const values = path.slice(1).split("/").map(decodeURIComponent);
    const fitting = this.#routes.filter(({ segments }) => fits(segments, values));
    // Select by the path first, then by the method. At the first difference from the left, a fixed
    // segment takes precedence over a parameter.
    const [best] = fitting.map(({ segments }) => shapeOf(segments)).sort();
    if (best === undefined) return undefined;
    const ends = fitting.filter(({ segments }) => shapeOf(segments) === best);
    const taken = [undefined, method, ...(method === "HEAD" ? ["GET"] : [])];
    const end = ends.find((each) => taken.includes(each.method));
    if (end === undefined) return { allow: allowed(ends) };
    const named = end.segments.map(({ name }, at) => [name, values[at]]);
    const pathParams = named.filter(([name]) => name !== undefined);
    return { service: end.service, pathParams };
  }
}

function parsed(route) {
  const [, method, path] = /^(?:(\S+) )?(\/.*)$/.exec(route) ?? [];
  if (path === undefined) {
    throw new Error(`the route ${JSON.stringify(route)} must be like "GET /orders/{id}"`);
  }
  if (method !== undefined && !METHODS.includes(method)) {
    throw new Error(`unknown method ${JSON.stringify(method)}; there are: ${METHODS.join(", ")}`);
  }
  return { method, path };
}

/** Parses the path of a route into segments, each a fixed text or a parameter name. */
function segmentsOf(path) {
  if (path === "/") return [{ text: "" }];
  const refuse = (why) => {
    throw new Error(`the path ${JSON.stringify(path)} ${why}`);
  };
  const names = new Set();
  return path.slice(1).split("/").map((text) => {
    const quoted = JSON.stringify(text);
    if (["", ".", ".."].includes(text)) {
      refuse(`has the segment ${quoted}: a segment must not be empty, \`.\` or \`..\``);
    }
    const [, name] = PARAMETER.exec(text) ?? [];
    if (names.has(name)) refuse(`has the parameter \`${name}\` twice`);
    if (name !== undefined) {
      names.add(name);
      return { name };
    }
    if (/[{}]/.test(text)) {
      const rule = "a parameter must be a whole segment, `{name}`, of letters, digits, hyphens and";
      refuse(`has the segment ${quoted}: ${rule} underscores`);
    }
    const [character] = /[%?#\\\s\p{Cc}]/u.exec(text) ?? [];
    if (character !== undefined) {
      const rule = "write it without percent-encoding or a query";
      refuse(`has ${JSON.stringify(character)}: ${rule}`);
    }
    return { text };
  });
}

/**
 * Returns a sort key of a route's path. Paths that differ only in parameter names have equal keys.
 * If several paths match a request, the path with the lowest key takes precedence.
 */
function shapeOf(segments) {
  return JSON.stringify(segments.map(({ text }) => (text === undefined ? [1] : [0, text])));
}

function fits(segments, values) {
  const fitsAt = ({ text }, at) => (text === undefined ? values[at] !== "" : values[at] === text);
  return segments.length === values.length && segments.every(fitsAt);
}

function allowed(ends) {
  const names = ends.map(({ method }) => method);
  if (names.includes("GET")) names.push("HEAD");
  return [...new Set(names)].sort().join(", ");
}
