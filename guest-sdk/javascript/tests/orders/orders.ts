// The service of docs/answer-over-http.md: each TypeScript listing of the page is a part of this
// file or of orders.test.ts.

import { Failure, Response, cache, config } from "hostel-sdk";
import type { Request, SchemaResult, Services, StandardSchema } from "hostel-sdk";

export default { find, search, place, setLanguage, language, total } satisfies Services;

interface NewOrder {
  item: string;
  count: number;
}

interface Order extends NewOrder {
  id: number;
}

function find(request: Request): Order {
  const id = request.pathInteger("id");
  const order = cache.get<Order>(`order:${id}`);
  if (order === undefined) throw Failure.notFound(`no order ${id}`);
  return order;
}

function search(request: Request) {
  const status = request.query("status") ?? "open";
  const page = request.queryInteger("page") ?? 1;
  const language = request.header("Accept-Language") ?? "en";
  return { status, page, language };
}

// Imitates a library's schema, such as zod's z.object({ item: z.string(), count: z.int() }).
const newOrder: StandardSchema<NewOrder> = {
  "~standard": {
    version: 1,
    vendor: "orders",
    validate(value) {
      const { item, count } = (value ?? {}) as Partial<NewOrder>;
      if (typeof item !== "string") return refused("item", "it must be a string");
      if (!Number.isInteger(count)) return refused("count", "it must be an integer");
      return { value: { item, count: Number(count) } };
    },
  },
};

function refused(member: string, message: string): SchemaResult<never> {
  return { issues: [{ path: [member], message }] };
}

function place(request: Request): Response {
  const { item, count } = request.json(newOrder);
  if (count < 1) throw Failure.badRequest(`the count is ${count}: it must be 1 or more`);
  const order: Order = { id: cache.increment("orders"), item, count };
  cache.set(`order:${order.id}`, order);
  const location = `/orders/${order.id}`;
  return Response.json(order, { status: 201, headers: { location } });
}

function setLanguage(request: Request): Response {
  const language = request.form("language");
  if (language !== "de" && language !== "en") {
    throw Failure.badRequest("the language must be de or en");
  }
  const options = { maxAge: 31_536_000 };
  return Response.redirect("/language").withCookie("language", language, options);
}

function language(request: Request): string {
  return request.cookie("language") ?? "en";
}

function total(request: Request): number {
  if (cache.increment("tries", 1, { expiry: 60 }) > 1) {
    throw Failure.tooManyRequests("at most one try a minute").withHeader("Retry-After", 60);
  }
  if (request.header("Authorization") !== `Bearer ${config.require("total-token")}`) {
    const failure = Failure.unauthorized("the total needs a token");
    throw failure.withHeader("WWW-Authenticate", "Bearer");
  }
  return cache.get<number>("orders") ?? 0;
}
