// Validates a body by a Standard Schema, version 1: what zod, valibot, arktype and others offer.

import { Failure } from "./failure.js";
import { member } from "./json.js";

/** How many issues a failure names, as a body can have any number of them. */
const MAX_ISSUES = 5;

/**
 * What a schema makes of the value of a body; undefined stands for an empty body.
 *
 * Throws a bad request with the schema's issues when it does not accept the value, and a TypeError
 * for a schema that is none, or that validates asynchronously.
 */
export function validated(value, schema) {
  const validate = schema?.["~standard"]?.validate;
  if (typeof validate !== "function") {
    throw new TypeError("json takes a Standard Schema, as those of zod, valibot and arktype are");
  }
  const result = validate(value);
  if (typeof result?.then === "function") {
    const fix = "leave out its asynchronous checks, and make them in the service";
    throw new TypeError(`the schema validates asynchronously, and json does not wait: ${fix}`);
  }
  if (result.issues === undefined) return result.value;
  if (value === undefined) throw Failure.badRequest("the request needs a JSON body and has none");
  const issues = result.issues.slice(0, MAX_ISSUES).map(issueText);
  throw Failure.badRequest(`the request body: ${issues.join("; ")}`);
}

function issueText({ path = [], message }) {
  // Not `map`: the paths of arktype are of a class of their own, which it would make anew.
  const keys = Array.from(path, (segment) => segment?.key ?? segment);
  const written = (key) => (typeof key === "number" ? `[${key}]` : member(String(key)));
  const place = keys.map(written).join("");
  return `${place === "" ? "" : `${place.replace(/^\./, "")}: `}${message}`;
}
