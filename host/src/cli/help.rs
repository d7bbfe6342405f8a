//! The help of `hostel` alone: its commands in groups, by task.

use clap::builder::StyledStr;
use std::fmt::Write;

/// The commands by task.
const GROUPS: &[(&str, &[&str])] = &[
    ("Write a service", &["new", "build", "componentize", "doctor"]),
    ("Run services", &["run", "serve", "check", "hash"]),
    ("Look at them", &["inspect", "call", "cache"]),
    ("Set up the shell", &["completions", "man"]),
];

/// The definition of the program, whose help lists the commands in groups.
pub(super) fn in_groups(command: clap::Command) -> clap::Command {
    let template = template(&command);
    command.help_template(template)
}

fn template(command: &clap::Command) -> StyledStr {
    let styles = command.get_styles();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let mut text = StyledStr::new();
    // Writing to a text cannot fail.
    let _ = write!(text, "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n");
    for (title, names) in GROUPS {
        let _ = writeln!(text, "{header}{title}:{header:#}");
        for name in *names {
            let found = command.find_subcommand(name);
            let about = found.and_then(clap::Command::get_about).unwrap_or_default();
            let _ = writeln!(text, "  {literal}{name:12}{literal:#}  {about}");
        }
        let _ = writeln!(text);
    }
    let _ = write!(text, "{header}Options:{header:#}\n{{options}}{{after-help}}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command::Cli;
    use clap::CommandFactory;

    fn command() -> clap::Command {
        in_groups(Cli::command())
    }

    #[test]
    fn every_command_is_in_one_group_and_told_on_a_line() {
        let command = command();
        let mut grouped: Vec<_> =
            GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let mut named: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
        grouped.sort_unstable();
        named.sort_unstable();
        assert_eq!(grouped, named);
        for below in command.get_subcommands() {
            let about = below.get_about().unwrap().to_string();
            assert!(about.len() <= 64, "`{}` is told at length: {about}", below.get_name());
        }
    }

    fn check_helped(command: &clap::Command) {
        assert!(command.get_about().is_some(), "{} has no help", command.get_name());
        for argument in command.get_arguments() {
            let (id, name) = (argument.get_id(), command.get_name());
            assert!(argument.get_help().is_some(), "{id} of {name} has no help");
        }
        command.get_subcommands().for_each(check_helped);
    }

    #[test]
    fn every_option_of_every_command_has_help() {
        check_helped(&command());
    }
}
