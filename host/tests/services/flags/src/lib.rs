//! Feature flags, each of which can be enabled for a share of the users.

use std::collections::BTreeMap;

use hostel_sdk::{Context, Failure, Response, Result, services};
use serde::{Deserialize, Serialize};

services! {
    /// Creates or changes a flag.
    put,
    /// Lists the flags whose names begin with a prefix.
    list,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flag {
    enabled: bool,
    percent: i64,
}

fn put(ctx: &Context, flag: Flag) -> Result<Response> {
    let name = ctx.request.path_param("name").unwrap_or_default();
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(is_allowed) {
        return Err(Failure::bad_request(format!(
            "the name is {name:?}: it must be lower-case letters, digits and hyphens"
        )));
    }
    if !(0..=100).contains(&flag.percent) {
        return Err(Failure::bad_request(format!(
            "the percent is {}: it must be from 0 to 100",
            flag.percent
        )));
    }
    let key = format!("flag:{name}");
    let is_new = ctx.cache.set_if_absent(&key, &flag)?;
    if !is_new {
        ctx.cache.set(&key, &flag)?;
    }
    Ok(Response::json(&flag)?.with_status(if is_new { 201 } else { 200 }))
}

fn list(ctx: &Context) -> Result<BTreeMap<String, Flag>> {
    let prefix = format!("flag:{}", ctx.request.query("prefix").unwrap_or_default());
    let keys = ctx.cache.keys(&prefix).collect::<Result<Vec<_>, _>>()?;
    let flags = ctx.cache.get_many::<Flag>(&keys)?;
    let named = keys.iter().zip(flags);
    Ok(named
        .filter_map(|(key, flag)| Some((key.strip_prefix("flag:")?.to_owned(), flag?)))
        .collect())
}
