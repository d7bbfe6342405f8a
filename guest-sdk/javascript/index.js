// The module that services import, documented in `index.d.ts` and the files that it re-exports.

export { Service } from "./service.js";

export { cache } from "./cache.js";
export { config } from "./http/config.js";
export { HttpError } from "./http/error.js";
export { http } from "./http/http.js";
export { HttpResponse } from "./http/response.js";
export { log } from "./log.js";
export { Request } from "./request.js";
export { Response } from "./response.js";

export { CacheError } from "./error.js";
export { Failure } from "./failure.js";
