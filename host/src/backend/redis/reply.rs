//! Interprets the servers' replies.

use super::place::ServerPlace;
use redis::{ServerError, Value};

/// The meaning of a reply to one command.
#[derive(Debug)]
pub(super) enum Meaning {
    /// The server has run the command, or refused it for good.
    Reply(Value),
    /// The server does not know the script, and has not run it.
    UnknownScript(Value),
    /// Another server has the slot.
    Moved(ServerPlace),
    /// This server does not have the key, and its slot is migrating to another server.
    Ask(ServerPlace),
    /// The server has not run the command, but may be able to run it soon.
    NotYet(String),
    /// The server has not run the command, but another server may be able to run it.
    NotHere(String),
}

/// Interprets the reply of the server at `asked`. Each result except [`Meaning::Reply`] proves that
/// the command was not run, so the caller can safely send it again.
pub(super) fn meaning(value: Value, asked: &ServerPlace) -> Meaning {
    let Value::ServerError(error) = &value else { return Meaning::Reply(value) };
    let target = || {
        let mut words = error.details()?.split_ascii_whitespace();
        ServerPlace::redirected(words.nth(1)?, asked)
    };
    match (error.code(), target()) {
        ("MOVED", Some(place)) => Meaning::Moved(place),
        ("ASK", Some(place)) => Meaning::Ask(place),
        ("TRYAGAIN" | "LOADING" | "MASTERDOWN", _) => Meaning::NotYet(text(error)),
        ("NOSCRIPT", _) => Meaning::UnknownScript(value),
        ("CLUSTERDOWN" | "READONLY", _) => Meaning::NotHere(text(error)),
        _ => Meaning::Reply(value),
    }
}

/// Formats a server's error as one line, with a hint at the cause or the fix if it is known.
pub(super) fn text(error: &ServerError) -> String {
    let (code, details) = (error.code(), error.details().unwrap_or_default());
    let hint = match code {
        "OOM" => ": raise its maxmemory, or let it evict with maxmemory-policy",
        "MISCONF" => ": its disk or its snapshots fail",
        "NOAUTH" | "WRONGPASS" => ": set `password-env` or `password-file`",
        "NOPERM" => ": its ACL must allow the user these keys and commands",
        "READONLY" => ": it is a replica; name the primary",
        "MOVED" => ": it is part of a cluster; write \"redis+cluster://\"",
        _ => "",
    };
    // The text may contain anything that a client has sent to the server.
    let details: String = details.chars().filter(|c| !c.is_control()).take(200).collect();
    format!("{code} {details}{hint}")
}

pub(super) fn integer(value: &Value) -> Result<i64, String> {
    match value {
        Value::Int(number) => Ok(*number),
        other => Err(unexpected(other)),
    }
}

pub(super) fn bytes(value: Value) -> Result<Vec<u8>, String> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        other => Err(unexpected(&other)),
    }
}

pub(super) fn string(value: Value) -> Result<String, String> {
    String::from_utf8(bytes(value)?).map_err(|_| "its reply is not UTF-8".to_owned())
}

pub(super) fn array(value: Value) -> Result<Vec<Value>, String> {
    match value {
        Value::Array(values) => Ok(values),
        other => Err(unexpected(&other)),
    }
}

/// Describes a reply that is an error or has the wrong type.
pub(super) fn unexpected(value: &Value) -> String {
    match value {
        Value::ServerError(error) => text(error),
        _ => "its reply has an unexpected type".to_owned(),
    }
}
