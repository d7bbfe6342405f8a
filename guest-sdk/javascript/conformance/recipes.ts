// The recipes of the docs, copied verbatim, and services that test them.

import { Failure, Request, cache, type Services } from "hostel-sdk";

function checkRate(request: Request): void {
  if (cache.increment(`calls:${request.clientAddress()}`, 1, { expiry: 60 }) > 100) {
    throw Failure.tooManyRequests("at most 100 calls a minute").withHeader("Retry-After", 60);
  }
}

function issue(token: string, user: string): void {
  cache.set(`token:${token}`, user, { expiry: 600 });
}

function redeem(token: string): string {
  const user = cache.take<string>(`token:${token}`);
  if (user === undefined) throw Failure.unauthorized("the link is used or has expired");
  return user;
}

async function report(make: () => Promise<void>): Promise<void> {
  const mine = crypto.randomUUID();
  if (!cache.setIfAbsent("lock:report", mine, { expiry: 30 })) {
    throw Failure.conflict("the report is being made");
  }
  try {
    await make();
  } finally {
    cache.compareAndSwapRaw("lock:report", JSON.stringify(mine), undefined);
  }
}

function lastSearches(user: string, search: string): string[] {
  const change = (searches: string[] = []) => [search, ...searches].slice(0, 3);
  return cache.update(`searches:${user}`, change);
}

function price(item: string): number {
  const generation = cache.getOrSet("prices", () => crypto.randomUUID());
  const key = `price:${generation}:${item}`;
  return cache.getOrSet(key, () => readPrice(item), { expiry: 3600 });
}

function dropPrices(): void {
  cache.delete("prices");
}

let reads = 0;

/** Returns a different price for the same item each time. */
function readPrice(item: string): number {
  reads += 1;
  return item.length + reads;
}

/** Runs `act`. Returns the kind of its failure, the text of any other error, or `none`. */
async function refused(act: () => unknown): Promise<string> {
  try {
    await act();
    return "none";
  } catch (error) {
    return error instanceof Failure ? error.kind : String(error);
  }
}

export default {
  async rate() {
    const check = (client: string) => checkRate(new Request({ http: { client } }));
    for (let port = 0; port < 100; port += 1) check(`192.0.2.1:${port}`);
    const addresses = ["192.0.2.1:7", "192.0.2.2:7"];
    return Promise.all(addresses.map((client) => refused(() => check(client))));
  },
  async token() {
    issue("abc123", "ada");
    return [redeem("abc123"), await refused(() => redeem("abc123"))];
  },
  async lock() {
    const nested = await refused(() => report(() => report(async () => {})));
    return [nested, cache.exists("lock:report")];
  },
  searches() {
    return ["a", "b", "c", "d"].map((search) => lastSearches("ada", search)).at(-1);
  },
  prices() {
    const before = [price("tea"), price("tea")];
    dropPrices();
    return [...before, price("tea")];
  },
} satisfies Services;
