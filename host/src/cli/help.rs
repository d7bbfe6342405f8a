//! The page of `hostel --help`: the commands in groups by task.

use clap::builder::StyledStr;
use std::fmt::Write;

/// The commands by task.
const GROUPS: &[(&str, &[&str])] = &[
    ("Write a service", &["new", "build", "componentize", "doctor"]),
    ("Run services", &["run", "serve", "check", "hash"]),
    ("Inspect and operate", &["inspect", "call", "cache"]),
    ("Set up the shell", &["completions", "man"]),
];

/// Makes the program's help list the commands in groups.
pub(super) fn in_groups(command: clap::Command) -> clap::Command {
    let template = template(&command);
    command.help_template(template)
}

fn template(command: &clap::Command) -> StyledStr {
    let styles = command.get_styles();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let mut text = StyledStr::new();
    // Writing to a string cannot fail.
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
    use crate::toolchain::Language;
    use clap::CommandFactory;

    fn command() -> clap::Command {
        in_groups(Cli::command())
    }

    #[test]
    fn every_command_is_in_one_group_and_described_on_a_line() {
        let command = command();
        let mut grouped: Vec<_> =
            GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let mut named: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
        grouped.sort_unstable();
        named.sort_unstable();
        assert_eq!(grouped, named);
        for below in command.get_subcommands() {
            let about = below.get_about().unwrap().to_string();
            assert!(
                about.len() <= 64,
                "the description of `{}` is too long: {about}",
                below.get_name()
            );
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

    #[test]
    fn the_help_of_new_and_doctor_names_every_language() {
        for (name, argument) in [("new", "lang"), ("doctor", "languages")] {
            let command = command();
            let mut arguments = command.find_subcommand(name).unwrap().get_arguments();
            let argument = arguments.find(|it| it.get_id() == argument).unwrap();
            let help = argument.get_help().unwrap().to_string();
            for language in Language::ALL {
                assert!(help.contains(language.name()), "{language} is not in: {help}");
            }
        }
    }
}
