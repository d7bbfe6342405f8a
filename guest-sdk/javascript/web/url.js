// URL and URLSearchParams, for QuickJS.

import * as urls from "whatwg-url";

export const { URL, URLSearchParams } = urls;
