//! `[callers]`: the groups, and references to them from other tables.

use super::callers::{CallerGroup, Scheme, of_file, of_variable};
use super::error::{Diagnostics, instead};
use super::raw::{At, RawCallers, RawScheme, Tables};
use super::values::{Context, variable};
use hostel_cache::Name;

/// The name for all callers, authenticated or not.
const OPEN: &str = "open";

/// The callers that the server, a plugin or a route admits.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Callers {
    /// All callers, authenticated or not.
    #[default]
    Open,
    /// The configured group of this name.
    Group(String),
}

pub(super) fn groups(
    raw: &Tables<RawCallers>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<CallerGroup> {
    raw.iter().map(|(name, raw)| group(name, raw.get(), context, diagnostics)).collect()
}

fn group(
    name: &At<String>,
    raw: &RawCallers,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> CallerGroup {
    if let Err(error) = Name::new(name.get()) {
        diagnostics.fault(name.at(), error);
    }
    if name.get() == OPEN {
        diagnostics.fault(name.at(), "`open` means any caller: give the group another name");
    }
    let scheme = match raw.scheme {
        RawScheme::Bearer => Scheme::Bearer,
        RawScheme::Basic => Scheme::Basic,
    };
    let credentials = match (&raw.file, &raw.env) {
        (Some(file), None) => of_file(scheme, &context.path(file.get()), file.at(), diagnostics),
        (None, Some(name)) => {
            let text = variable(name, context, diagnostics);
            text.map(|text| of_variable(scheme, (name.get(), &text), name.at(), diagnostics))
                .unwrap_or_default()
        }
        _ => {
            diagnostics.fault(
                name.at(),
                format_args!("the group `{}` needs either `file` or `env`", name.get()),
            );
            Vec::new()
        }
    };
    CallerGroup { name: name.get().clone(), scheme, credentials }
}

/// Returns the callers that a setting names; `None` if it is not set. Reports an unknown group.
pub(super) fn callers(
    raw: Option<&At<String>>,
    groups: &[CallerGroup],
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Callers> {
    let written = raw?;
    if written.get() == OPEN {
        return Some(Callers::Open);
    }
    if !groups.iter().any(|group| group.name == *written.get()) {
        let names = groups.iter().map(|group| group.name.as_str()).chain([OPEN]);
        let instead = instead(written.get(), names);
        diagnostics.fault(
            written.at(),
            format_args!(
                "no group of callers `{}` is configured in [callers]; {instead}",
                written.get()
            ),
        );
    }
    Some(Callers::Group(written.get().clone()))
}
