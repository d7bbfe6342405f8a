// Converts amounts of money. Fetches the rates with an API key and caches them for a minute.

import { Failure, cache, config, http, type Request, type Services } from "hostel-sdk";

interface Conversion {
  amount: number;
  from: string;
  to: string;
}

interface Rates {
  base: string;
  rates: Record<string, number>;
}

function convert(request: Request): { amount: number; currency: string } {
  const conversion = request.json<Conversion>();
  if (conversion === undefined) throw Failure.badRequest("the body must have amount, from and to");
  const { amount, from, to } = conversion;
  const rates = cache.getOrSet("rates", fetchRates, { expiry: 60 });
  const converted = (amount / rateOf(from, rates)) * rateOf(to, rates);
  return { amount: Math.round(converted * 100) / 100, currency: to };
}
convert.description = "Converts an amount from one currency to another.";

function rateOf(currency: string, { base, rates }: Rates): number {
  if (currency === base) return 1;
  if (Object.hasOwn(rates, currency)) return rates[currency];
  throw Failure.notFound(`the rate of ${JSON.stringify(currency)} is unknown`);
}

function fetchRates(): Rates {
  const response = http.get(config.require("rates-url"), {
    headers: { "x-api-key": config.require("api-key") },
  });
  if (!response.ok) throw Failure.unavailable(`the rates server returned ${response.status}`);
  return response.json<Rates>();
}

export default { convert } satisfies Services;
