//! Logging. The host adds the plugin, the service and the request id to each line.

use std::fmt;

use crate::host;
use crate::level::Level;

impl Level {
    /// Logs one line. The host escapes control characters, so a message is always one line. Logging
    /// never fails: the host truncates a line that is too long. If one call logs too many lines or
    /// bytes, the host drops the excess lines and logs their number.
    ///
    /// The macros [`debug!`](crate::debug), [`info!`](crate::info), [`warn!`](crate::warn) and
    /// [`error!`](crate::error) call this function.
    pub fn log(self, message: fmt::Arguments<'_>) {
        match message.as_str() {
            Some(text) => host::log(self, text),
            None => host::log(self, &message.to_string()),
        }
    }
}

/// Logs one line at level debug, with the arguments of [`format!`].
#[macro_export]
macro_rules! debug {
    ($($message:tt)+) => { $crate::Level::Debug.log(::std::format_args!($($message)+)) };
}

/// Logs one line at level info, with the arguments of [`format!`].
#[macro_export]
macro_rules! info {
    ($($message:tt)+) => { $crate::Level::Info.log(::std::format_args!($($message)+)) };
}

/// Logs one line at level warn, with the arguments of [`format!`].
#[macro_export]
macro_rules! warn {
    ($($message:tt)+) => { $crate::Level::Warn.log(::std::format_args!($($message)+)) };
}

/// Logs one line at level error, with the arguments of [`format!`].
#[macro_export]
macro_rules! error {
    ($($message:tt)+) => { $crate::Level::Error.log(::std::format_args!($($message)+)) };
}

#[cfg(test)]
mod tests {
    use crate::fake::Fake;

    #[test]
    fn each_macro_logs_at_its_level_with_format_arguments() {
        let fake = Fake::new();
        let (who, many) = ("Ada", 2);
        crate::debug!("plain");
        crate::info!("{who} has {many:>3}");
        crate::warn!("{} {who:?}", many + 1);
        crate::error!("{0} {0}", who);
        let lines = ["debug: plain", "info: Ada has   2", "warn: 3 \"Ada\"", "error: Ada Ada"];
        assert_eq!(fake.logs(), lines);
    }
}
