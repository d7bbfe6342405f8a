use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::info;
use crate::request::HttpRequest;

#[test]
fn new_fake_has_an_empty_cache_and_an_empty_log() {
    let first = Fake::new();
    info!("before");
    first.context().cache.set("a", &1).unwrap();
    let second = Fake::new();
    assert!(second.logs().is_empty());
    assert_eq!(second.context().cache.exists("a"), Ok(false));
    assert_eq!(first.context().cache.exists("a"), Ok(true));
}

#[test]
fn contexts_of_one_fake_share_its_cache() {
    let fake = Fake::new();
    fake.context().cache.set("a", &1).unwrap();
    assert_eq!(fake.context().cache.get("a"), Ok(Some(1)));
}

#[test]
fn request_reaches_the_handler_unchanged() {
    fn who(ctx: &Context) -> Result<Option<String>> {
        Ok(ctx.request.header("X-Who").map(Cow::into_owned))
    }
    let services = [Service::of_function("who", "", |ctx| crate::Handler::handle(&who, ctx))];
    let headers = vec![("x-who".to_owned(), b"Ada".to_vec())];
    let http = Some(HttpRequest { headers, ..HttpRequest::default() });
    let request = Request { service: "who".to_owned(), http, ..Request::default() };
    let response = Fake::new().call_with(&services, request).unwrap();
    assert_eq!(response.body, br#""Ada""#);
}

mod shop {
    use crate::{Context, Cookie, Failure, Response, Result};

    crate::services! { show, place, sign_in, breaks, limited }

    fn show(ctx: &Context) -> Result<Vec<String>> {
        let http = ctx.request.http.clone().unwrap_or_default();
        let id = ctx.request.path_param("id").unwrap_or_default().to_owned();
        Ok(vec![http.method, http.path, id, http.query, http.authority, http.client])
    }

    fn place(ctx: &Context) -> Result<Response> {
        let item = ctx.request.form("item")?.unwrap_or_default();
        Ok(Response::redirect(format!("/orders/{item}")))
    }

    fn sign_in(ctx: &Context, name: String) -> Result<Response> {
        let accept = ctx.request.header("Accept").unwrap_or_default().into_owned();
        Response::text(accept).with_cookie(Cookie::new("name", name))
    }

    fn breaks(_ctx: &Context) -> Result<()> {
        Err(Failure::internal("the disk is full"))
    }

    fn limited(_ctx: &Context) -> Result<()> {
        Err(Failure::too_many_requests("slow down").with_header("Retry-After", "7"))
    }
}

fn served() -> Fake {
    let fake = Fake::new();
    for (route, service) in [
        ("GET /", "show"),
        ("GET /orders/{id}", "show"),
        ("DELETE /orders/{number}", "limited"),
        ("GET /orders/new", "limited"),
        ("POST /orders", "place"),
        ("/sign-in", "sign-in"),
        ("GET /a/{id}/c", "breaks"),
        ("GET /{a}/b/{id}", "show"),
        ("GET /{z}/d/e", "limited"),
        ("GET /{a}/{b}/{c}", "show"),
    ] {
        fake.serve(shop::SERVICES, route, service);
    }
    fake
}

fn problem(response: &Response) -> serde_json::Value {
    assert_eq!(response.content_type.as_deref(), Some("application/problem+json"));
    serde_json::from_slice(&response.body).unwrap()
}

#[test]
fn request_over_http_has_everything_that_a_client_sends() {
    let shown = |target: &str| {
        let response = served().http(HttpCall::get(target));
        serde_json::from_slice::<Vec<String>>(&response.body).unwrap()
    };
    let client = ["localhost", "127.0.0.1:1"];
    let expected = ["GET", "/orders/a%2fb%20c", "a/b c", "x=1?&y", client[0], client[1]];
    assert_eq!(shown("/orders/a%2fb%20c?x=1?&y"), expected);
    assert_eq!(shown("/")[..4], ["GET", "/", "", ""]);

    let form = HttpCall::post("/orders").with_form(&[("a", "1"), ("item", "tea & é*")]);
    let response = served().http(form);
    assert_eq!(response.status, 303);
    assert_eq!(response.headers, [("location".to_owned(), "/orders/tea & é*".into())]);

    let call = HttpCall::put("/sign-in").with_header("Accept", "a/b").with_json("Ada");
    let response = served().http(call.with_header("accept", "c/d"));
    assert_eq!((response.status, &*response.body), (200, &b"a/b, c/d"[..]));
    assert!(response.headers[0].1.starts_with(b"name=Ada; Path=/"));
}

#[test]
fn requests_match_the_most_specific_route() {
    let status = |method: &str, path: &str| served().http(HttpCall::new(method, path)).status;
    assert_eq!((status("GET", "/orders/7"), status("HEAD", "/orders/7")), (200, 200));
    assert_eq!((status("DELETE", "/orders/7"), status("GET", "/orders/new")), (429, 429));
    // A route with a fixed first segment wins over a route with only a fixed second segment.
    assert_eq!((status("GET", "/a/b/c"), status("GET", "/a/b/d")), (500, 200));
    assert_eq!((status("GET", "/1/d/e"), status("GET", "/1/d/f")), (429, 200));
    assert_eq!(status("PATCH", "/sign-in"), 400);
    for path in ["/orders/", "/orders/7/", "/Orders/7", "/services", "/a//c"] {
        assert_eq!(status("GET", path), 404, "{path}");
    }
    assert_eq!((status("GET", "/orders/%zz"), status("GET", "/orders/%ff")), (400, 400));
    // A less specific route for the method is not used if a more specific route matches the path.
    assert_eq!(status("DELETE", "/orders/new"), 405);
}

#[test]
fn failures_over_http_are_problem_documents() {
    let fake = served();
    let response = fake.http(HttpCall::post("/orders/7"));
    assert_eq!(response.headers, [("allow".to_owned(), b"DELETE, GET, HEAD".to_vec())]);
    let expected = serde_json::json!({
        "type": "about:blank", "title": "Method Not Allowed", "status": 405,
        "code": "method-not-allowed", "detail": "this path allows DELETE, GET, HEAD",
        "request_id": "1",
    });
    assert_eq!(problem(&response), expected);

    let response = fake.http(HttpCall::delete("/orders/7"));
    assert_eq!((response.status, problem(&response)["detail"].as_str()), (429, Some("slow down")));
    assert_eq!(response.headers, [("retry-after".to_owned(), b"7".to_vec())]);

    assert!(fake.logs().is_empty());
    let response = fake.http(HttpCall::get("/a/b/c"));
    let problem = problem(&response);
    assert_eq!((response.status, problem["detail"].as_str()), (500, Some("the service failed")));
    assert_eq!(fake.logs(), ["error: the disk is full"]);
}

#[test]
fn invalid_route_fails_the_test_with_the_reason() {
    for (route, service, reason) in [
        ("get /x", "show", "unknown method \"get\"; there are: GET, HEAD"),
        ("GET x", "show", "begin with a slash"),
        ("GET /x/", "show", "a segment must not be empty"),
        ("GET /x/../y", "show", "a segment must not be empty"),
        ("GET /{}", "show", "a parameter must be a whole segment"),
        ("GET /x{id}", "show", "a parameter must be a whole segment"),
        ("GET /{id}/{id}", "show", "twice"),
        ("GET /x?y", "show", "without percent-encoding or a query"),
        ("GET /a%20b", "show", "without percent-encoding"),
        ("GET  /x", "show", "begin with a slash"),
        ("GET /orders/{other}", "show", "matches requests that an earlier route matches"),
        ("POST /sign-in", "show", "matches requests that an earlier route matches"),
        ("GET /y", "shows", "no service \"shows\"; there are: show, place"),
    ] {
        let fake = served();
        let serve = AssertUnwindSafe(|| fake.serve(shop::SERVICES, route, service));
        let panic = catch_unwind(serve).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        // The panic message shows the reason with `Debug`, which escapes quotes.
        assert!(message.replace('\\', "").contains(reason), "{route}: {message}");
    }
}

#[test]
fn response_that_is_not_valid_http_is_a_failure() {
    fn refused(response: Response) -> String {
        response.checked().unwrap_err().message
    }
    let typed = |it: &str| Response::text("a").with_content_type(it);
    let expected = "the response header \"content-type\": its value contains ";
    assert_eq!(refused(typed("a/b\r\nc: d")), format!("{expected}a control character"));
    assert_eq!(refused(typed("a/é")), format!("{expected}a non-ASCII character"));
    assert_eq!(typed("a/b;\tc=d").checked().map(|it| it.status), Ok(200));
    let long = refused(Response::empty().with_header("x\r\ny", ""));
    let expected = "the response header \"x\\r\\ny\": a name may contain only";
    assert!(long.starts_with(expected), "{long}");
}
