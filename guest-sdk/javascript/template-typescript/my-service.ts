import { cache, log, type Request, type Services } from "hostel-sdk";

interface Greeting {
  name?: string;
}

function greet(request: Request): string {
  const { name = "world" } = request.json<Greeting | undefined>() ?? {};
  const key = `greetings:${name}`;
  const count = (cache.getInteger(key) ?? 0) + 1;
  cache.set(key, count, { expiry: 3600 });
  log.info(`greetings of ${name}: ${count}`);
  return `Hello, ${name}! (${count})`;
}
greet.description = "Greets by name, and counts until an hour passes without a greeting.";

export default { greet } satisfies Services;
