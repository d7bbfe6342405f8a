// Stores a user with an expiry and reads the fields back.

import { Service, cache, log } from "hostel-sdk";

const FIVE_MINUTES = 300;

export class UserProfile extends Service {
  static description = "Stores a user with an expiry and reads the fields back.";

  handle() {
    const user = {
      username: "joe",
      email: "joe@example.com",
      roles: ["admin", "editor"],
    };
    cache.set("user:123", user, { expiry: FIVE_MINUTES });

    const cached = cache.get("user:123");
    if (cached !== undefined) {
      log.info(cached.username);
      log.info(cached.roles);
    }
  }
}
