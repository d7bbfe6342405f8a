//! The options for services' grants: `--allow-http`, `--config` and `--secret`.

use crate::config::no_variable;
use crate::{Allowed, Secret, check_value_name};
use std::path::Path;

/// Parses the URL of a server that the services may reach. A loopback address or `localhost` also
/// gets `private`, the permission for internal addresses.
pub(super) fn allowed(text: &str) -> Result<Allowed, String> {
    let allowed = Allowed::new(text).map_err(|error| error.to_string())?;
    match allowed.is_of_loopback() {
        true => allowed.with_private().map_err(|error| error.to_string()),
        false => Ok(allowed),
    }
}

pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    check_value_name(name).map_err(|error| error.to_string())?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Parses the name of a secret, and reads the secret from the variable or file that the text names.
pub(super) fn secret(text: &str) -> Result<(String, Secret), String> {
    const FORM: &str = "write it as NAME=env:VARIABLE or NAME=file:PATH";
    let (name, place) = text.split_once('=').ok_or(FORM)?;
    check_value_name(name).map_err(|error| error.to_string())?;
    let found = match place.split_once(':') {
        Some(("env", variable)) => {
            std::env::var(variable).map_err(|error| no_variable(variable, &error))?
        }
        Some(("file", path)) => crate::file::read_text(Path::new(path))
            .map_err(|error| format!("cannot read {path}: {error}"))?,
        // Do not show the text: it may be the secret itself.
        _ => return Err(FORM.to_owned()),
    };
    let secret = Secret::new(&found).map_err(|error| error.to_string())?;
    Ok((name.to_owned(), secret))
}
