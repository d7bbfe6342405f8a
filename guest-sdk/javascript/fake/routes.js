// The routes of a fake: from a method and a path to a service, by the host's rules. Only in a test.

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const PARAMETER = /^\{([\w-]+)\}$/;

export class Routes {
  #routes = [];

  /** Adds a route, `GET /orders/{id}` or without a method. Throws an Error when it is invalid. */
  add(route, service) {
    const { method, path } = parsed(route);
    const segments = segmentsOf(path);
    const clashes = (other) =>
      shapeOf(other.segments) === shapeOf(segments) &&
      (other.method === method || other.method === undefined || method === undefined);
    const other = this.#routes.find(clashes);
    if (other !== undefined) {
      throw new Error(
        `${path} takes requests that the route ${other.path} above takes: give each its own path ` +
          "or methods",
      );
    }
    this.#routes.push({ method, path, segments, service });
  }

  /**
   * The service of a request and the path's parameters, or what the path allows, as the value of
   * the header `allow`; undefined when no route has the path. Throws a URIError for a path with an
   * invalid escape.
   */
  find(method, path) {
    const values = path.slice(1).split("/").map(decodeURIComponent);
    const fitting = this.#routes.filter(({ segments }) => fits(segments, values));
    // A fixed segment wins over a parameter, from left to right; then the methods decide.
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
    throw new Error(`no method ${JSON.stringify(method)}; there are: ${METHODS.join(", ")}`);
  }
  return { method, path };
}

/** The segments of a path of a route, each a text or the name of a parameter. */
function segmentsOf(path) {
  if (path === "/") return [{ text: "" }];
  const refuse = (why) => {
    throw new Error(`the path ${JSON.stringify(path)} ${why}`);
  };
  const names = new Set();
  return path.slice(1).split("/").map((text) => {
    const quoted = JSON.stringify(text);
    if (["", ".", ".."].includes(text)) {
      refuse(`has the segment ${quoted}: a segment is not empty, \`.\` or \`..\``);
    }
    const [, name] = PARAMETER.exec(text) ?? [];
    if (names.has(name)) refuse(`has the parameter \`${name}\` twice`);
    if (name !== undefined) {
      names.add(name);
      return { name };
    }
    if (/[{}]/.test(text)) {
      const rule = "a parameter is a whole segment, `{name}`, of letters, digits, hyphens and";
      refuse(`has the segment ${quoted}: ${rule} underscores`);
    }
    const [character] = /[%?#\\\s\p{Cc}]/u.exec(text) ?? [];
    if (character !== undefined) {
      const rule = "write the text as it is, not encoded, without a query";
      refuse(`has ${JSON.stringify(character)}: ${rule}`);
    }
    return { text };
  });
}

/** Equal for routes that differ at most in what parameters are called; the better one is less. */
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
