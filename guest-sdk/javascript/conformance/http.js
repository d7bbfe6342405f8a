// Steps for HTTP requests: they read requests and return responses.

import { Failure, Response } from "hostel-sdk";

export const readers = {
  header: (request, name) => request.header(name),
  "header-values": (request, name) => request.headerValues(name),
  query: (request, name) => request.query(name),
  "query-values": (request, name) => request.queryValues(name),
  "query-integer": (request, name) => request.queryInteger(name),
  "path-param": (request, name) => request.pathParam(name),
  "path-integer": (request, name) => request.pathInteger(name),
  cookie: (request, name) => request.cookie(name),
  form: (request, name) => request.form(name),
  "form-values": (request, name) => request.formValues(name),
};

/** Steps that return the response to the request, or throw its failure. */
export const exchanges = {
  respond: ({ args: { headers = [], cookie, ...args } }) => {
    const response = responseOf(args);
    for (const [name, value] of headers) response.withHeader(name, value);
    if (cookie === undefined) return response;
    const { name, value, ...options } = cookie;
    return response.withCookie(name, value, optionsOf(options));
  },
  "respond-directly": ({ args: { headers, ...args } }) => {
    const response = responseOf(args);
    response.headers.push(...headers);
    return response;
  },
  "fail-with-headers": ({ value: kind, what: message, args }) => {
    const failure = new Failure(kind, message);
    for (const [name, value] of args.headers) failure.withHeader(name, value);
    throw failure;
  },
};

function responseOf({ status, redirect, "redirect-status": redirectStatus, text }) {
  if (redirect !== undefined) {
    const options = redirectStatus === undefined ? undefined : { status: redirectStatus };
    return Response.redirect(redirect, options);
  }
  const options = status === undefined ? undefined : { status };
  return text === undefined ? Response.empty(options) : Response.text(text, options);
}

/** Converts the names of cookie options to camel case. */
function optionsOf(options) {
  const named = (name) => name.replace(/-./g, ([, letter]) => letter.toUpperCase());
  const pairs = Object.entries(options).map(([name, value]) => [named(name), value]);
  return Object.fromEntries(pairs);
}
