// Validates a body with a Standard Schema, version 1, which zod, valibot, arktype and others
// implement.

import { Failure } from "./failure.js";
import { member } from "./json.js";

/** The maximum number of issues in a failure's message: a body can have any number. */
const MAX_ISSUES = 5;

/**
 * Validates the value of a body with a schema and returns the schema's result. The value of an
 * empty body is `undefined`.
 *
 * Throws a `bad-request` failure if the schema does not accept the value. The message contains the
 * schema's first issues, unless the body is empty. Throws a TypeError if the schema is invalid or
 * validates asynchronously.
 */
export function validated(value, schema) {
  const validate = schema?.["~standard"]?.validate;
  if (typeof validate !== "function") {
    throw new TypeError("the schema must be a Standard Schema, such as those of zod and valibot");
  }
  const result = validate(value);
  if (typeof result?.then === "function") {
    const fix = "move its asynchronous checks into the service";
    throw new TypeError(`the schema validates asynchronously, which json does not support: ${fix}`);
  }
  if (result.issues === undefined) return result.value;
  if (value === undefined) throw Failure.badRequest("the request needs a JSON body and has none");
  const issues = result.issues.slice(0, MAX_ISSUES).map(issueText);
  throw Failure.badRequest(`the request body: ${issues.join("; ")}`);
}

function issueText({ path = [], message }) {
  // Do not use `path.map`: arktype's paths are a subclass of Array, and `map` would create another
  // instance of that subclass.
  const keys = Array.from(path, (segment) => segment?.key ?? segment);
  const written = (key) => (typeof key === "number" ? `[${key}]` : member(String(key)));
  const place = keys.map(written).join("");
  return `${place === "" ? "" : `${place.replace(/^\./, "")}: `}${message}`;
}
