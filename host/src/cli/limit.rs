//! The option `--limit NAME=VALUE`.

use crate::config::instead;
use crate::{LimitError, Limits};

/// A limit's name, without the prefix `limits.`, and its value as written. Both are valid.
#[derive(Clone, Debug)]
pub(super) struct LimitArgument {
    name: String,
    value: String,
}

impl LimitArgument {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE, as in time=5s")?;
        let name = name.strip_prefix("limits.").unwrap_or(name);
        if !Limits::names().any(|known| known == name) {
            return Err(format!("no limit is called `{name}`; {}", instead(name, Limits::names())));
        }
        let limit = LimitArgument { name: name.to_owned(), value: value.to_owned() };
        limit.apply(&mut Limits::default()).map_err(|error| error.to_string())?;
        Ok(limit)
    }

    pub(super) fn apply(&self, limits: &mut Limits) -> Result<(), LimitError> {
        limits.set(&self.name, &self.value)
    }
}
