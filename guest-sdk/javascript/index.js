// What a service imports. What each part promises stands in index.d.ts.

export { Service } from "./service.js";

export { CacheError, cache } from "./cache.js";
export { log } from "./log.js";
export { HttpRequest, Request } from "./request.js";
export { Response } from "./response.js";

export { Failure } from "./failure.js";
