// HTTP requests to other servers. Documented in `http.d.ts`.

import { shown } from "../arguments.js";
import { methodsOf, offered } from "../offered.js";
import { recordOf, recordOfRequest } from "./request.js";
import { HttpResponse } from "./response.js";
import { send, sendMany } from "./send.js";

class Http {
  get(url, options) {
    return respond(recordOf("GET", url, options, "http.get(url"));
  }

  head(url, options) {
    return respond(recordOf("HEAD", url, options, "http.head(url"));
  }

  options(url, options) {
    return respond(recordOf("OPTIONS", url, options, "http.options(url"));
  }

  post(url, options) {
    return respond(recordOf("POST", url, options, "http.post(url"));
  }

  put(url, options) {
    return respond(recordOf("PUT", url, options, "http.put(url"));
  }

  patch(url, options) {
    return respond(recordOf("PATCH", url, options, "http.patch(url"));
  }

  delete(url, options) {
    return respond(recordOf("DELETE", url, options, "http.delete(url"));
  }

  send(request) {
    return respond(recordOfRequest(request, "http.send({ url"));
  }

  sendMany(requests) {
    if (typeof requests === "string" || typeof requests?.[Symbol.iterator] !== "function") {
      throw new TypeError(`requests is ${shown(requests)}: it must be an array of requests`);
    }
    return sendMany(Array.from(requests, recordAt), (response) => new HttpResponse(response));
  }
}

function respond(record) {
  return new HttpResponse(send(record));
}

function recordAt(request, at) {
  try {
    return recordOfRequest(request, "http.sendMany([{ url");
  } catch (error) {
    error.message = `requests[${at}]: ${error.message}`;
    throw error;
  }
}

export const http = offered(Http, (name) => {
  const all = methodsOf(Http).join(", ");
  throw new TypeError(`http.${name} is not offered; http has: ${all}`);
});
