// Stores a user with an expiry and reads the fields back.

import { cache, log, type Services } from "hostel-sdk";

const FIVE_MINUTES = 300;

interface User {
  username: string;
  email: string;
  roles: string[];
}

function userProfile(): void {
  const user: User = {
    username: "joe",
    email: "joe@example.com",
    roles: ["admin", "editor"],
  };
  cache.set("user:123", user, { expiry: FIVE_MINUTES });

  const cached = cache.get<User>("user:123");
  if (cached !== undefined) {
    log.info(cached.username);
    log.info(cached.roles);
  }
}
userProfile.description = "Stores a user with an expiry and reads the fields back.";

export default { userProfile } satisfies Services;
