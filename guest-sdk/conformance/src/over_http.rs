//! Steps that read an HTTP request and write the response.

use super::{Step, failure};
use hostel_sdk::{Context, Cookie, Request, Response, Result, SameSite};
use serde_json::{Value, json};
use std::time::Duration;

/// Runs a step. Returns `None` if this module does not implement the step.
pub fn done(ctx: &Context, step: &Step) -> Option<Result<Response>> {
    match step.op.as_str() {
        "read" => Some(read(&ctx.request, step)),
        "respond" => Some(respond(&step.args)),
        "respond-directly" => Some(Ok(respond_directly(&step.args))),
        "fail-with-headers" => {
            let headers = headers(&step.args).into_iter();
            Some(Err(headers
                .fold(failure(step), |failure, (name, value)| failure.with_header(name, value))))
        }
        _ => None,
    }
}

fn read(request: &Request, step: &Step) -> Result<Response> {
    let name = &*step.key;
    let value = match step.what.as_str() {
        "header" => json!(request.header(name)),
        "header-values" => json!(request.header_values(name)),
        "query" => json!(request.query(name)),
        "query-values" => json!(request.query_values(name)),
        "query-integer" => json!(request.query_integer(name)?),
        "path-param" => json!(request.path_param(name)),
        "path-integer" => json!(request.path_integer(name)?),
        "cookie" => json!(request.cookie(name)),
        "form" => json!(request.form(name)?),
        "form-values" => json!(request.form_values(name)?),
        _ => return Response::json(&json!({ "skip": true })),
    };
    Response::json(&json!({ "ok": value }))
}

fn respond(args: &Value) -> Result<Response> {
    let mut response = match (args["redirect"].as_str(), number(&args["redirect-status"])) {
        (Some(location), Some(status)) => Response::redirect_with_status(location, status)?,
        (Some(location), None) => Response::redirect(location),
        (None, _) => args["text"].as_str().map_or_else(Response::empty, Response::text),
    };
    if let Some(status) = number(&args["status"]) {
        response = response.with_status(status);
    }
    for (name, value) in headers(args) {
        response = response.with_header(name, value);
    }
    match args.get("cookie") {
        Some(args) => response.with_cookie(cookie(args)),
        None => Ok(response),
    }
}

fn respond_directly(args: &Value) -> Response {
    let headers = headers(args).into_iter();
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let status = number(&args["status"]).unwrap_or(204);
    Response { status, headers: headers.collect(), ..Response::empty() }
}

fn cookie(args: &Value) -> Cookie {
    let text = |name: &str| args[name].as_str();
    let mut cookie =
        Cookie::new(text("name").unwrap_or_default(), text("value").unwrap_or_default());
    if let Some(seconds) = args["max-age"].as_u64() {
        cookie = cookie.with_max_age(Duration::from_secs(seconds));
    }
    if let Some(domain) = text("domain") {
        cookie = cookie.with_domain(domain);
    }
    if let Some(path) = text("path") {
        cookie = cookie.with_path(path);
    }
    if let Some(secure) = args["secure"].as_bool() {
        cookie = cookie.with_secure(secure);
    }
    if let Some(http_only) = args["http-only"].as_bool() {
        cookie = cookie.with_http_only(http_only);
    }
    match text("same-site") {
        Some("strict") => cookie.with_same_site(SameSite::Strict),
        Some("none") => cookie.with_same_site(SameSite::None),
        Some(_) => cookie.with_same_site(SameSite::Lax),
        None => cookie,
    }
}

fn headers(args: &Value) -> Vec<(&str, &str)> {
    let pairs = args["headers"].as_array().into_iter().flatten();
    pairs.filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?))).collect()
}

fn number(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|number| u16::try_from(number).ok())
}
