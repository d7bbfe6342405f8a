//! The service of `docs/answer-over-http.md`: each Rust listing there is a part of this file.

use std::time::Duration;

use hostel_sdk::{Context, Cookie, Failure, Response, Result, services};
use serde::{Deserialize, Serialize};

services! {
    /// Finds an order.
    find,
    /// Searches orders.
    search,
    /// Places an order.
    place,
    /// Sets the client's language.
    set_language,
    /// Returns the client's language.
    language,
    /// Counts all orders.
    total,
}

#[derive(Serialize, Deserialize)]
struct Order {
    id: i64,
    item: String,
    count: u32,
}

fn find(ctx: &Context) -> Result<Order> {
    let id = ctx.request.path_integer("id")?;
    let order = ctx.cache.get(&format!("order:{id}"))?;
    order.ok_or_else(|| Failure::not_found(format!("no order {id}")))
}

#[derive(Serialize)]
struct Page {
    status: String,
    page: i64,
    language: String,
}

fn search(ctx: &Context) -> Result<Page> {
    let status = ctx.request.query("status").unwrap_or("open".into());
    let page = ctx.request.query_integer("page")?.unwrap_or(1);
    let language = ctx.request.header("Accept-Language").unwrap_or("en".into());
    Ok(Page { status: status.into(), page, language: language.into() })
}

#[derive(Deserialize)]
struct NewOrder {
    item: String,
    count: u32,
}

fn place(ctx: &Context, NewOrder { item, count }: NewOrder) -> Result<Response> {
    if count == 0 {
        return Err(Failure::bad_request("the count is 0: it must be 1 or more"));
    }
    let id = ctx.cache.increment("orders", 1)?;
    let order = Order { id, item, count };
    ctx.cache.set(&format!("order:{id}"), &order)?;
    let response = Response::json(&order)?.with_status(201);
    Ok(response.with_header("Location", format!("/orders/{id}")))
}

fn set_language(ctx: &Context) -> Result<Response> {
    let language = ctx.request.form("language")?.unwrap_or_default();
    if !["de", "en"].contains(&&*language) {
        return Err(Failure::bad_request("the language must be de or en"));
    }
    let year = Duration::from_secs(31_536_000);
    let cookie = Cookie::new("language", language).with_max_age(year);
    Response::redirect("/language").with_cookie(cookie)
}

fn language(ctx: &Context) -> Result<String> {
    Ok(ctx.request.cookie("language").unwrap_or("en").to_owned())
}

fn total(ctx: &Context) -> Result<u64> {
    let minute = Duration::from_secs(60);
    if ctx.cache.increment_with_expiry("tries", 1, minute)? > 1 {
        let failure = Failure::too_many_requests("at most one try a minute");
        return Err(failure.with_header("Retry-After", "60"));
    }
    let token = ctx.config.require("total-token")?;
    if ctx.request.header("Authorization") != Some(format!("Bearer {token}").into()) {
        let failure = Failure::unauthorized("the total needs a token");
        return Err(failure.with_header("WWW-Authenticate", "Bearer"));
    }
    Ok(ctx.cache.get("orders")?.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hostel_sdk::fake::{Fake, HttpCall};
    use serde_json::{Value, json};

    #[test]
    fn a_placed_order_is_found_where_the_response_points() {
        let fake = Fake::new();
        fake.serve(SERVICES, "POST /orders", "place");
        fake.serve(SERVICES, "GET /orders/{id}", "find");

        let tea = json!({ "item": "tea", "count": 2 });
        let placed = fake.http(HttpCall::post("/orders").with_json(&tea));
        assert_eq!(placed.status, 201);
        let found = fake.http(HttpCall::get(placed.header("Location").unwrap()));
        assert_eq!(found.body, br#"{"id":1,"item":"tea","count":2}"#);

        let none = fake.http(HttpCall::get("/orders/9"));
        let problem: Value = serde_json::from_slice(&none.body).unwrap();
        assert_eq!((none.status, &problem["detail"]), (404, &json!("no order 9")));
    }
}

#[cfg(test)]
mod page {
    use super::*;
    use hostel_sdk::fake::{Fake, HttpCall};
    use serde_json::json;

    #[test]
    fn services_respond_as_the_page_shows() {
        let fake = Fake::new();
        fake.set_config("total-token", "let-me-in-please");
        for (route, service) in [
            ("GET /orders", "search"),
            ("POST /orders", "place"),
            ("POST /language", "set-language"),
            ("GET /language", "language"),
            ("GET /orders/total", "total"),
        ] {
            fake.serve(SERVICES, route, service);
        }
        let text = |response: &Response| String::from_utf8(response.body.clone()).unwrap();

        let call = HttpCall::get("/orders?status=sent&page=2").with_header("Accept-Language", "de");
        let expected = r#"{"status":"sent","page":2,"language":"de"}"#;
        assert_eq!(text(&fake.http(call)), expected);
        let expected = r#"{"status":"open","page":1,"language":"en"}"#;
        assert_eq!(text(&fake.http(HttpCall::get("/orders"))), expected);

        let none = json!({ "item": "tea", "count": 0 });
        assert_eq!(fake.http(HttpCall::post("/orders").with_json(&none)).status, 400);

        let set =
            |language| fake.http(HttpCall::post("/language").with_form(&[("language", language)]));
        let response = set("de");
        assert_eq!((response.status, &*response.header("location").unwrap()), (303, "/language"));
        let cookie = "language=de; Max-Age=31536000; Path=/; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(response.header_values("set-cookie"), [cookie]);
        assert_eq!(set("fr").status, 400);
        let call = HttpCall::get("/language");
        assert_eq!(text(&fake.http(call.clone())), r#""en""#);
        assert_eq!(text(&fake.http(call.with_header("Cookie", "language=de"))), r#""de""#);

        let call = HttpCall::get("/orders/total");
        let known = call.clone().with_header("Authorization", "Bearer let-me-in-please");
        assert_eq!(text(&fake.http(known)), "0");
        let early = fake.http(call.clone());
        assert_eq!((early.status, early.header("Retry-After").as_deref()), (429, Some("60")));
        fake.advance(Duration::from_secs(60));
        let unknown = fake.http(call);
        let scheme = unknown.header("WWW-Authenticate");
        assert_eq!((unknown.status, scheme.as_deref()), (401, Some("Bearer")));
    }
}
