import { joinedOf, valuesOf } from "../headers.js";
import { fromText } from "../json.js";

/**
 * The global decoder. On QuickJS it is the small decoder of `runtime/text.js`, for UTF-8 only.
 * Destructuring hides the name `TextDecoder` from the bundler, which would otherwise import the
 * class of `web/text.js`.
 */
const { TextDecoder: Utf8Decoder } = globalThis;

const UTF8 = new Utf8Decoder("utf-8", { fatal: true });

export class HttpResponse {
  constructor({ status, url, headers, body }) {
    this.status = status;
    this.url = url;
    this.headers = headers;
    this.body = body;
  }

  get ok() {
    return this.status >= 200 && this.status < 300;
  }

  header(name) {
    return joinedOf(this.headers, name);
  }

  headerValues(name) {
    return valuesOf(this.headers, name);
  }

  text() {
    try {
      return UTF8.decode(this.body);
    } catch {
      throw new TypeError(`the body of ${shownUrl(this.url)} is not UTF-8`);
    }
  }

  json() {
    const text = this.text();
    try {
      return fromText(text, false);
    } catch (error) {
      error.message = `the body of ${shownUrl(this.url)}: ${error.message}`;
      throw error;
    }
  }
}

/** Returns the URL without query and fragment, because the query may contain a secret. */
function shownUrl(url) {
  return url.replace(/[?#].*/s, "");
}
