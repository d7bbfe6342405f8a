//! `backend` of `[caches]` and `[private-cache]`, and the settings of a backend.

use super::error::Diagnostics;
use super::private_file::read_private;
use super::raw::{At, RawCache, RawKeyFormat};
use super::values::{Context, time, variable};
use crate::backend::{Backend, KeyFormat, RedisAddress, RedisBackend};
use std::ops::Range;
use std::sync::Arc;

/// Maximum length of the prefix of names on Redis, in bytes.
const MAX_PREFIX_BYTES: usize = 64;

/// Whether a cache is private to a plugin or shared.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum CacheScope {
    Private,
    Shared,
}

/// Returns the backend of a cache's entries. If the backend is memory, the settings for Redis are
/// ignored, so that an operator can switch a cache to memory by changing only `backend`.
pub(super) fn backend(
    raw: &RawCache,
    scope: CacheScope,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Backend {
    let Some(written) = raw.backend.as_ref().filter(|backend| backend.get() != "memory") else {
        return Backend::Memory;
    };
    let settings = ["password-env", "password-file"];
    let written_as = (raw.password_env.as_ref(), raw.password_file.as_ref());
    let own_password = password(settings, written_as, context, diagnostics);
    let settings = ["sentinel-password-env", "sentinel-password-file"];
    let written_as = (raw.sentinel_password_env.as_ref(), raw.sentinel_password_file.as_ref());
    let sentinel_password = password(settings, written_as, context, diagnostics);
    let mut address = match RedisAddress::parse(written.get()) {
        Ok(address) => address,
        Err(error) => {
            diagnostics.fault(written.at(), error);
            return Backend::Memory;
        }
    };
    if let Some((password, at)) = sentinel_password {
        if !address.has_sentinels() {
            diagnostics.fault(
                at,
                "the address has no Sentinels: write \"redis+sentinel://HOST:26379/NAME/0\", or \
                 remove this setting",
            );
        }
        address = address.with_sentinel_password(&password);
    }
    if let Some((password, at)) = own_password {
        if address.has_password() {
            diagnostics.fault(
                at,
                "the address has a password already: remove it there, or remove this setting",
            );
        }
        address = address.with_password(&password);
    } else if address.lacks_password() {
        diagnostics.fault(
            written.at(),
            "the user has no password: set `password-env` or `password-file`, or remove the user",
        );
    }
    let default = RedisBackend::new(address);
    Backend::Redis(Arc::new(RedisBackend {
        timeout: time(raw.timeout.as_ref(), default.timeout, diagnostics),
        prefix: prefix(raw.prefix.as_ref(), diagnostics).unwrap_or(default.prefix),
        key_format: key_format(raw.key_format.as_ref(), scope, diagnostics),
        address: default.address,
    }))
}

/// Returns the password and the position of its setting. One of the two settings names the
/// environment variable or the file with the password. Returns `None` if neither or both are set,
/// or the password is empty or cannot be read.
fn password(
    [by_variable, by_file]: [&str; 2],
    written: (Option<&At<String>>, Option<&At<String>>),
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<(String, Range<usize>)> {
    let (password, at) = match written {
        (None, None) => return None,
        (Some(_), Some(file)) => {
            diagnostics.fault(
                file.at(),
                format_args!(
                    "the password must come from `{by_variable}` or `{by_file}`, not both"
                ),
            );
            return None;
        }
        (Some(name), None) => (variable(name, context, diagnostics)?, name.at()),
        (None, Some(file)) => {
            let text = read_private(&context.path(file.get()), file.at(), diagnostics)?;
            (text.trim_end_matches(['\r', '\n']).to_owned(), file.at())
        }
    };
    if password.is_empty() {
        diagnostics
            .fault(at, "the password is empty: remove the setting if Redis needs no password");
        return None;
    }
    Some((password, at))
}

fn prefix(raw: Option<&At<String>>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let raw = raw?;
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"{}".contains(&byte);
    let prefix = raw.get();
    if prefix.is_empty() || prefix.len() > MAX_PREFIX_BYTES || !prefix.bytes().all(is_allowed) {
        diagnostics.fault(
            raw.at(),
            format_args!(
                "{prefix:?} is not a valid prefix: a prefix is 1 to {MAX_PREFIX_BYTES} visible ASCII \
                 characters other than braces"
            ),
        );
        return None;
    }
    Some(prefix.clone())
}

fn key_format(
    raw: Option<&At<RawKeyFormat>>,
    scope: CacheScope,
    diagnostics: &mut Diagnostics<'_>,
) -> KeyFormat {
    match raw.map(|raw| (*raw.get(), raw.at())) {
        None | Some((RawKeyFormat::Hostel, _)) => KeyFormat::Hostel,
        Some((RawKeyFormat::Zato, at)) => {
            if scope == CacheScope::Private {
                diagnostics.fault(
                    at,
                    "with \"zato\" all plugins would share one cache: set it in [caches]",
                );
            }
            KeyFormat::Zato
        }
    }
}
