//! `hostel cache`: inspects and edits the caches of a running server.

mod admin;
mod show;

use super::exit::{Exit, SERVICE_FAILED};
use super::output::print;
use super::{call, payload};
use admin::AdminClient;
use anyhow::anyhow;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// Inspect and edit the caches of a running server
///
/// Connects to the server's admin listener. The private cache of the plugin NAME is called
/// plugin/NAME; other caches have the names that the configuration gives them in [caches].
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hostel cache list
  hostel cache keys plugin/users --prefix user:
  hostel cache get plugin/users user:1
  hostel cache set sessions ann '{\"id\": 1}' --expiry 60
  hostel cache incr plugin/users visits 10
  hostel cache delete plugin/users --prefix user:")]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,

    #[command(flatten)]
    server: admin::AdminArguments,

    /// Print the response as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum What {
    /// List the caches with their sizes and statistics; --json has more counts
    List {
        /// Also count the entries and bytes of caches on Redis, by reading all their keys
        #[arg(long)]
        count: bool,
    },
    /// List the keys of a cache with their sizes in bytes and seconds to expiry
    Keys {
        #[command(flatten)]
        cache: Cache,
        /// List only the keys that begin with this text
        #[arg(long, value_name = "PREFIX")]
        prefix: Option<String>,
        /// Maximum number of keys to list [default: all]
        #[arg(long, value_name = "COUNT")]
        limit: Option<usize>,
    },
    /// Print the value of a key; exit code 1 if there is no entry
    Get {
        #[command(flatten)]
        entry: EntryArguments,
    },
    /// Set the value of a key
    Set {
        #[command(flatten)]
        entry: EntryArguments,
        /// JSON value, @FILE to read it from a file, or - to read it from stdin
        #[arg(value_name = "VALUE", allow_hyphen_values = true)]
        value: String,
        /// Seconds until the entry expires, at most ten years [default: it never expires]
        #[arg(long, value_name = "SECONDS")]
        expiry: Option<u32>,
    },
    /// Add to the integer of a key and print the sum; a missing key counts as 0
    Incr {
        #[command(flatten)]
        entry: EntryArguments,
        /// Integer to add; a negative one subtracts
        #[arg(value_name = "BY", default_value_t = 1, allow_negative_numbers = true)]
        by: i64,
        /// Seconds until a new entry expires, at most ten years [default: it never expires]
        #[arg(long, value_name = "SECONDS")]
        expiry: Option<u32>,
    },
    /// Print the seconds until an entry expires, or unlimited; exit code 1 if there is no entry
    Ttl {
        #[command(flatten)]
        entry: EntryArguments,
    },
    /// Delete the entry of a key, or all entries whose keys begin with a prefix
    Delete {
        #[command(flatten)]
        cache: Cache,
        /// Key of the entry
        #[arg(value_name = "KEY", required_unless_present = "prefix")]
        key: Option<String>,
        /// Delete all entries whose keys begin with this text
        #[arg(long, value_name = "PREFIX", conflicts_with = "key")]
        prefix: Option<String>,
    },
    /// Print true if a key has an entry; otherwise print false with exit code 1
    Exists {
        #[command(flatten)]
        entry: EntryArguments,
    },
    /// Delete all entries of a cache
    Clear {
        #[command(flatten)]
        cache: Cache,
        /// Delete without asking for confirmation
        #[arg(long)]
        yes: bool,
    },
}

#[derive(clap::Args)]
struct Cache {
    /// Name of the cache: plugin/NAME, or a name from [caches]
    #[arg(value_name = "CACHE")]
    cache: String,
}

#[derive(clap::Args)]
struct EntryArguments {
    /// Name of the cache: plugin/NAME, or a name from [caches]
    #[arg(value_name = "CACHE")]
    cache: String,
    /// Key of the entry
    #[arg(value_name = "KEY")]
    key: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Exit> {
    let (admin, as_json) = (arguments.server.admin()?, arguments.json);
    match &arguments.what {
        What::List { count } => {
            let query: &[_] = if *count { &[("count", "true")] } else { &[] };
            show::caches(&admin.ask(&Method::GET, &["caches"], query, Vec::new())?, as_json)
        }
        What::Keys { cache, prefix, limit } => {
            keys(&admin, &cache.cache, prefix.as_deref(), *limit, as_json)
        }
        What::Get { entry } => get(&admin, entry, as_json),
        What::Set { entry, value, expiry } => set(&admin, entry, value, *expiry, as_json),
        What::Incr { entry, by, expiry } => increment(&admin, entry, *by, *expiry, as_json),
        What::Ttl { entry } => ttl(&admin, entry, as_json),
        What::Delete { cache, key: Some(key), .. } => {
            let path = ["caches", &*cache.cache, "entries", key];
            show::removed(&admin.ask(&Method::DELETE, &path, &[], Vec::new())?, as_json)
        }
        What::Delete { cache, key: None, prefix } => {
            delete_prefix(&admin, &cache.cache, prefix.as_deref().unwrap_or_default(), as_json)
        }
        What::Exists { entry } => exists(&admin, entry, as_json),
        What::Clear { cache, yes } => {
            confirm(&cache.cache, *yes)?;
            let path = ["caches", &*cache.cache, "entries"];
            show::removed(&admin.ask(&Method::DELETE, &path, &[], Vec::new())?, as_json)
        }
    }
}

/// Lists keys page by page, so that no response contains all keys of a large cache.
fn keys(
    admin: &AdminClient,
    cache: &str,
    prefix: Option<&str>,
    limit: Option<usize>,
    as_json: bool,
) -> Result<ExitCode, Exit> {
    let (mut left, mut after) = (limit.unwrap_or(usize::MAX), None::<String>);
    while left > 0 {
        let count = left.min(admin::PAGE).to_string();
        let mut query = vec![("limit", &*count)];
        query.extend(prefix.map(|prefix| ("prefix", prefix)));
        query.extend(after.as_deref().map(|after| ("after", after)));
        let path = ["caches", cache, "entries"];
        let page = admin.ask(&Method::GET, &path, &query, Vec::new())?;
        left -= show::keys(&page, left, as_json)?;
        after = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn get(
    admin: &AdminClient,
    EntryArguments { cache, key }: &EntryArguments,
    as_json: bool,
) -> Result<ExitCode, Exit> {
    let path = ["caches", cache, "entries", key];
    let reply = admin.send(&Method::GET, &path, &[], Vec::new())?;
    let is_missing = reply.status == StatusCode::NOT_FOUND && admin::code(&reply) == "no-entry";
    if !is_missing {
        admin::check(&reply, cache)?;
    }
    if as_json {
        // The value is copied as text: parsing it would round large numbers.
        let value = if is_missing { "null".into() } else { String::from_utf8_lossy(&reply.body) };
        let key = json!(key);
        print(format!("{{\"key\":{key},\"found\":{},\"value\":{value}}}", !is_missing).as_bytes())?;
    } else if is_missing {
        return Err(no_entry(cache));
    } else {
        call::show_body(&reply.body)?;
    }
    Ok(if is_missing { SERVICE_FAILED.into() } else { ExitCode::SUCCESS })
}

fn set(
    admin: &AdminClient,
    EntryArguments { cache, key }: &EntryArguments,
    value: &str,
    expiry: Option<u32>,
    as_json: bool,
) -> Result<ExitCode, Exit> {
    let value = payload::read(value).map_err(Exit::usage)?;
    let expiry = expiry.map(|seconds| seconds.to_string());
    let query: Vec<_> = expiry.iter().map(|seconds| ("expiry", &**seconds)).collect();
    let path = ["caches", cache, "entries", key];
    let answer = admin.ask(&Method::PUT, &path, &query, value)?;
    if as_json {
        print(answer.to_string().as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn increment(
    admin: &AdminClient,
    EntryArguments { cache, key }: &EntryArguments,
    by: i64,
    expiry: Option<u32>,
    as_json: bool,
) -> Result<ExitCode, Exit> {
    let (by, expiry) = (by.to_string(), expiry.map(|seconds| seconds.to_string()));
    let mut query = vec![("by", &*by)];
    query.extend(expiry.iter().map(|seconds| ("expiry", &**seconds)));
    let path = ["caches", cache, "entries", key, "increment"];
    let answer = admin.ask(&Method::POST, &path, &query, Vec::new())?;
    let sum = if as_json { &answer } else { answer.get("value").unwrap_or(&Value::Null) };
    print(sum.to_string().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn ttl(
    admin: &AdminClient,
    EntryArguments { cache, key }: &EntryArguments,
    as_json: bool,
) -> Result<ExitCode, Exit> {
    let path = ["caches", cache, "entries", key, "ttl"];
    let answer = admin.ask(&Method::GET, &path, &[], Vec::new())?;
    let exists = answer.get("exists") == Some(&Value::Bool(true));
    if as_json {
        print(answer.to_string().as_bytes())?;
    } else if !exists {
        return Err(no_entry(cache));
    } else {
        let seconds = answer.get("ttl").and_then(Value::as_u64);
        let told = seconds.map_or_else(|| "unlimited".to_owned(), |seconds| seconds.to_string());
        print(told.as_bytes())?;
    }
    Ok(if exists { ExitCode::SUCCESS } else { SERVICE_FAILED.into() })
}

/// Deletes page by page, so that no request takes long.
fn delete_prefix(
    admin: &AdminClient,
    cache: &str,
    prefix: &str,
    as_json: bool,
) -> Result<ExitCode, Exit> {
    if prefix.is_empty() {
        // An empty prefix may come from an unset shell variable, and would delete all entries.
        return Err(Exit::usage(anyhow!(
            "--prefix is empty: `hostel cache clear` deletes all entries of {cache}"
        )));
    }
    let (mut removed, mut after) = (0, None::<String>);
    loop {
        let query: Vec<_> = after.as_deref().map(|after| ("after", after)).into_iter().collect();
        let path = ["caches", cache, "prefixes", prefix];
        let page = admin.ask(&Method::DELETE, &path, &query, Vec::new())?;
        removed += page.get("removed").and_then(Value::as_u64).unwrap_or_default();
        after = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if after.is_none() {
            return show::removed(&json!({ "removed": removed }), as_json);
        }
    }
}

fn exists(
    admin: &AdminClient,
    EntryArguments { cache, key }: &EntryArguments,
    as_json: bool,
) -> Result<ExitCode, Exit> {
    let path = ["caches", cache, "entries", key, "exists"];
    let answer = admin.ask(&Method::GET, &path, &[], Vec::new())?;
    let exists = answer.get("exists") == Some(&Value::Bool(true));
    let told = if as_json { answer.to_string() } else { exists.to_string() };
    print(told.as_bytes())?;
    Ok(if exists { ExitCode::SUCCESS } else { SERVICE_FAILED.into() })
}

fn no_entry(cache: &str) -> Exit {
    Exit::refused(anyhow!("the cache {cache} has no live entry under this key"))
}

/// Asks the operator for confirmation, unless `yes` is set. Without a terminal, requires `yes`.
fn confirm(cache: &str, yes: bool) -> Result<(), Exit> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Exit::usage(anyhow!(
            "deleting all entries of {cache} needs --yes without a terminal"
        )));
    }
    let mut answer = String::new();
    let _ = write!(anstream::stderr(), "Delete all entries of {cache}? [y/N] ");
    let read = std::io::stdin().read_line(&mut answer);
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" if read.is_ok() => Ok(()),
        _ => Err(Exit::refused(anyhow!("nothing was deleted"))),
    }
}
