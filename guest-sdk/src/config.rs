//! The plugin's settings and secrets: [`Context::config`](crate::Context::config).

use crate::failure::{Failure, Result};
use crate::host::Settings;

/// The plugin's settings and secrets, from `[plugins.NAME.config]` and `[plugins.NAME.secrets]` in
/// the host's configuration, or from the options `--config NAME=VALUE`,
/// `--secret NAME=env:VARIABLE` and `--secret NAME=file:PATH` of `hostel run`.
///
/// ```
/// # use hostel_sdk::{Context, Result};
/// fn currency(ctx: &Context) -> String {
///     ctx.config.get("base-currency").unwrap_or_else(|| "EUR".to_owned())
/// }
/// # let fake = hostel_sdk::fake::Fake::new();
/// # assert_eq!(currency(&fake.context()), "EUR");
/// # fake.set_config("base-currency", "USD");
/// # assert_eq!(currency(&fake.context()), "USD");
/// ```
#[derive(Debug)]
pub struct Config {
    settings: Settings,
}

impl Config {
    pub(crate) fn new(settings: Settings) -> Config {
        Config { settings }
    }

    /// Returns the value of the setting or secret of that name. Returns `None` if there is no such
    /// setting or secret.
    pub fn get(&self, name: &str) -> Option<String> {
        self.settings.get(name)
    }

    /// Returns the value of the setting or secret of that name.
    ///
    /// # Errors
    ///
    /// `Internal` if there is no such setting or secret.
    pub fn require(&self, name: &str) -> Result<String> {
        self.get(name).ok_or_else(|| {
            Failure::internal(format!(
                "no setting {name:?}: write it in [plugins.NAME.config], or as a secret in \
                 [plugins.NAME.secrets]"
            ))
        })
    }

    /// Returns the names of all settings and secrets, sorted.
    pub fn names(&self) -> Vec<String> {
        self.settings.names()
    }
}

#[cfg(test)]
mod tests {
    use crate::failure::FailureKind;
    use crate::fake::Fake;

    #[test]
    fn a_setting_is_read_by_name_and_a_missing_one_is_named() {
        let fake = Fake::new();
        fake.set_config("b", "2");
        fake.set_config("a", "1");
        let config = fake.context().config;
        assert_eq!((config.get("a"), config.get("c")), (Some("1".to_owned()), None));
        assert_eq!(config.require("b").unwrap(), "2");
        assert_eq!(config.names(), ["a", "b"]);
        let failure = config.require("api-key").unwrap_err();
        assert_eq!(failure.kind, FailureKind::Internal);
        assert!(failure.message.starts_with("no setting \"api-key\": write it in"), "{failure}");
    }
}
