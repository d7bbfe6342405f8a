// Services that send HTTP requests and read the plugin's settings.

import { HttpError, config, http } from "hostel-sdk";

const decoder = new TextDecoder();

/** Converts an element of the payload to a request of the SDK. */
function requestOf({ method, url, headers, body, timeout, redirects }) {
  const seconds = typeof timeout === "number" ? timeout / 1000 : undefined;
  return { method, url, headers, body, timeout: seconds, redirects };
}

/** Converts a response or an error to an element of the result. */
function shown(result) {
  if (result instanceof HttpError) return { error: result.kind, message: result.message };
  const { status, url, headers } = result;
  const pairs = headers.map(([name, value]) => [name, decoder.decode(value)]);
  return { status, url, headers: pairs, body: result.text() };
}

function sent(request) {
  try {
    return http.send(request);
  } catch (error) {
    if (error instanceof HttpError) return error;
    throw error;
  }
}

export const sources = {
  "http-send": (request) => {
    const requests = request.json().map(requestOf);
    const results = requests.length === 1 ? requests.map(sent) : http.sendMany(requests);
    return results.map(shown);
  },
  "http-at-once": async (request) => {
    const responses = await Promise.all(request.json().map((url) => fetch(url)));
    return responses.map(({ status }) => status);
  },
  "config-get": (request) => config.get(request.json()) ?? null,
  "config-names": () => config.names(),
};
