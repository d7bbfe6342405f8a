// Reads the user that the other language keeps, and answers it.

import { Failure, cache, log } from "hostel-sdk";

function reader() {
  const user = cache.get("user:123");
  if (user === undefined) {
    throw Failure.notFound("nobody has kept the user yet");
  }
  for (const [field, value] of Object.entries(user)) {
    log.info(`${field}: ${typeof value} ${JSON.stringify(value)}`);
  }
  return user;
}
reader.description = "Answers the user from the cache.";

export default { reader };
