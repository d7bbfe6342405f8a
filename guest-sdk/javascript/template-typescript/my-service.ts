import { cache, log, type Request, type Services } from "hostel-sdk";

interface Greeting {
  name?: string;
}

function greet(request: Request): string {
  const { name = "world" } = request.json<Greeting | undefined>() ?? {};
  const count = cache.increment(`greetings:${name}`, 1, { expiry: 3600 });
  log.info(`greetings of ${name}: ${count}`);
  return `Hello, ${name}! (${count})`;
}
greet.description = "Greets by name, and counts greetings for an hour.";

export default { greet } satisfies Services;
