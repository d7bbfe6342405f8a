import { cache, log } from "hostel-sdk";

function greet(request) {
  const { name = "world" } = request.json() ?? {};
  const count = cache.increment(`greetings:${name}`, 1, { expiry: 3600 });
  log.info(`greetings of ${name}: ${count}`);
  return `Hello, ${name}! (${count})`;
}
greet.description = "Greets by name, and counts greetings for an hour.";

export default { greet };
