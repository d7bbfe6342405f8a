import { Failure } from "./failure.js";
import { DECODER, encoded, fieldsOf, joinedOf, valuesOf } from "./headers.js";
import { fromText } from "./json.js";
import { cookieIn, formText, formValuesIn, integerOf } from "./read.js";
import { validated } from "./schema.js";

export class Request {
  constructor({ service = "", id = "", contentType, body, http } = {}) {
    this.service = service;
    this.id = id;
    this.contentType = contentType ?? undefined;
    this.body = body ?? new Uint8Array();
    this.http = http ? httpOf(http) : undefined;
  }

  /**
   * Turns a WIT record into a request without copying the record: a copy would take as long as a
   * cache call.
   */
  static of(record) {
    record.contentType ??= undefined;
    record.http ??= undefined;
    return Object.setPrototypeOf(record, Request.prototype);
  }

  header(name) {
    return this.http && joinedOf(this.http.headers, name);
  }

  headerValues(name) {
    return this.http ? valuesOf(this.http.headers, name) : [];
  }

  clientAddress() {
    const client = this.http?.client ?? "";
    const address = client.startsWith("[") ? client.slice(1).split("]")[0] : client.split(":")[0];
    return address === "" ? undefined : address;
  }

  query(name) {
    return this.queryValues(name)[0];
  }

  queryValues(name) {
    return this.http ? formValuesIn(this.http.query, name) : [];
  }

  queryInteger(name) {
    const value = this.query(name);
    if (value === undefined) return undefined;
    return integerOf(value, `the query parameter ${JSON.stringify(name)}`);
  }

  pathParam(name) {
    return this.http?.pathParams.find(([param]) => param === name)?.[1];
  }

  pathInteger(name) {
    const value = this.pathParam(name);
    const called = `path parameter ${JSON.stringify(name)}`;
    if (value === undefined) throw Failure.internal(`the route has no ${called}`);
    return integerOf(value, `the ${called}`);
  }

  cookie(name) {
    return cookieIn(this.header("cookie") ?? "", name);
  }

  form(name) {
    return this.formValues(name)[0];
  }

  formValues(name) {
    return formValuesIn(formText(this), name);
  }

  text() {
    try {
      return DECODER.decode(this.body);
    } catch {
      throw Failure.badRequest("the request body is not UTF-8");
    }
  }

  json(schema) {
    const value = this.body.length === 0 ? undefined : valueOf(this);
    return schema === undefined ? value : validated(value, schema);
  }
}

/** Parses a body as JSON. Throws a `bad-request` failure if the body is invalid. */
function valueOf(request) {
  const text = request.text();
  try {
    return fromText(text, false);
  } catch (error) {
    throw Failure.badRequest(`the request body: ${error.message}`);
  }
}

/** Returns the HTTP part of a request, with defaults for fields that a test omits. */
function httpOf(http) {
  return {
    method: http.method ?? "GET",
    path: http.path ?? "/",
    pathParams: http.pathParams ?? [],
    query: http.query ?? "",
    authority: http.authority ?? "",
    client: http.client ?? "",
    headers: encoded(fieldsOf(http.headers ?? [])),
  };
}
