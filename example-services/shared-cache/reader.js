// Returns the user that `writer.py` stored.

import { Failure, cache, log } from "hostel-sdk";

function reader() {
  const user = cache.get("user:123");
  if (user === undefined) {
    throw Failure.notFound("the cache has no user: call the writer first");
  }
  for (const [field, value] of Object.entries(user)) {
    log.info(`${field}: ${typeof value} ${JSON.stringify(value)}`);
  }
  return user;
}
reader.description = "Returns the user from the cache.";

export default { reader };
