//! What a server's replies mean.

use super::place::ServerPlace;
use redis::{ServerError, Value};

/// What a reply to one command means for who sent it.
#[derive(Debug)]
pub(super) enum Meaning {
    /// The server has carried the command out, or refused it for good.
    Reply(Value),
    /// The server does not know the script, and so has not run it.
    UnknownScript(Value),
    /// Another server has the slot.
    Moved(ServerPlace),
    /// Another server has this key already, while the slot moves there.
    Ask(ServerPlace),
    /// The server has not carried it out, and may soon.
    NotYet(String),
    /// The server has not carried it out, and another one would.
    NotHere(String),
}

/// Reads the reply of the server at `asked`. Each error here but that of [`Meaning::Reply`] proves
/// that the command was not carried out, so that sending it again repeats nothing.
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

/// An error of a server as one line, with the setting to mend where one is known.
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
    // A server's text may hold whatever a client once sent.
    let details: String = details.chars().filter(|c| !c.is_control()).take(200).collect();
    format!("{code} {details}{hint}")
}

/// The integer of a reply.
pub(super) fn integer(value: &Value) -> Result<i64, String> {
    match value {
        Value::Int(number) => Ok(*number),
        other => Err(unexpected(other)),
    }
}

/// The bytes of a reply.
pub(super) fn bytes(value: Value) -> Result<Vec<u8>, String> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        other => Err(unexpected(&other)),
    }
}

/// The text of a reply.
pub(super) fn string(value: Value) -> Result<String, String> {
    String::from_utf8(bytes(value)?).map_err(|_| "it replied with no UTF-8".to_owned())
}

/// The elements of a reply.
pub(super) fn array(value: Value) -> Result<Vec<Value>, String> {
    match value {
        Value::Array(values) => Ok(values),
        other => Err(unexpected(&other)),
    }
}

/// Why a reply is not what the command has as its reply.
pub(super) fn unexpected(value: &Value) -> String {
    match value {
        Value::ServerError(error) => text(error),
        _ => "it replied with something else than the command's reply".to_owned(),
    }
}
