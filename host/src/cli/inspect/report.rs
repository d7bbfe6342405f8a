//! The report of `hostel inspect`, as text and as JSON.

use crate::cli::exit::Exit;
use crate::cli::grants::PluginGrants;
use crate::cli::output::print;
use crate::cli::table;
use crate::telemetry::excerpt;
use crate::units::show_size;
use crate::{
    ComponentInfo, Digest, Extent, FileKind, ImportInfo, Limits, Offer, Producer, ServiceInfo,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Maximum rows of a section in the text. The JSON contains all rows.
const MAX_LINES: usize = 100;

/// The report. Its JSON has the same fields. If the component cannot be read, most fields are null,
/// empty, zero or false.
#[derive(Default, Serialize)]
pub(super) struct InspectReport {
    pub(super) path: PathBuf,
    /// The component's file, which differs from `path` if `path` is a source or a folder.
    component: Option<PathBuf>,
    pub(super) name: Option<String>,
    /// The first 12 hexadecimal digits of the component's SHA-256.
    version: Option<String>,
    /// `component`, `core module`, or null if the file is not WebAssembly.
    kind: Option<&'static str>,
    /// The language of the source, if known. `producers` also names the languages of interpreters
    /// and libraries.
    pub(super) language: Option<String>,
    bytes: Option<u64>,
    /// The reason why the component cannot be built or loaded.
    pub(super) error: Option<String>,
    services: Vec<ServiceInfo>,
    imports: Vec<Imported>,
    exports: Vec<String>,
    core_modules: usize,
    /// Sizes in bytes.
    memories: Vec<Size>,
    /// Sizes in elements.
    tables: Vec<Size>,
    producers: Vec<Producer>,
    /// `http` if the component imports `hostel:http` and its grants include a server, otherwise
    /// `none`.
    network: &'static str,
    /// Always `none`.
    files: &'static str,
    grants: Option<PluginGrants>,
    /// All limits by name.
    limits: BTreeMap<&'static str, String>,
    /// The file given by `--config`, or null without this option. A plugin that the configuration
    /// does not name has the default grants.
    config: Option<PathBuf>,
    /// True if the configuration names the plugin.
    is_named: bool,
    /// True if the compiled code was already on disk before the component was loaded.
    pub(super) had_code: bool,
}

#[derive(Serialize)]
struct Imported {
    name: String,
    /// `hostel` or `wasi`, or null if the host does not offer the import.
    offered_by: Option<&'static str>,
    /// Why the host does not offer the import.
    fault: Option<String>,
}

#[derive(Serialize)]
struct Size {
    initial: u64,
    /// Null if only the plugin's limits bound the size.
    maximum: Option<u64>,
}

impl InspectReport {
    pub(super) fn new(path: &Path) -> Self {
        let (network, files) = ("none", "none");
        InspectReport { path: path.to_owned(), network, files, ..InspectReport::default() }
    }

    pub(super) fn take_file(
        &mut self,
        file: &Path,
        bytes: u64,
        digest: &Digest,
        is: ComponentInfo,
    ) {
        self.component = Some(file.to_owned());
        self.bytes = Some(bytes);
        self.version = Some(digest.to_string());
        self.kind = is.kind.map(|kind| match kind {
            FileKind::Component => "component",
            FileKind::CoreModule => "core module",
        });
        self.imports = is.imports.into_iter().map(Imported::from).collect();
        self.exports = is.exports;
        self.core_modules = is.modules;
        self.memories = is.memories.into_iter().map(Size::from).collect();
        self.tables = is.tables.into_iter().map(Size::from).collect();
        self.producers = is.producers;
    }

    /// Adds the grants, the limits, the configuration's file, and whether the configuration names
    /// the plugin.
    pub(super) fn take_grants(
        &mut self,
        grants: PluginGrants,
        limits: &Limits,
        config: Option<(&Path, bool)>,
    ) {
        if self.imports_http() && grants.reaches_servers() {
            self.network = "http";
        }
        self.grants = Some(grants);
        let limit = |name| Some((name, limits.show(name)?));
        self.limits = Limits::names().filter_map(limit).collect();
        self.config = config.map(|(file, _)| file.to_owned());
        self.is_named = config.is_some_and(|(_, is_named)| is_named);
    }

    fn imports_http(&self) -> bool {
        self.imports.iter().any(|import| import.name.starts_with("hostel:http/"))
    }

    pub(super) fn take_services(&mut self, services: Vec<ServiceInfo>) {
        self.services = services;
    }

    /// Prints a line that describes the component, then all sections with at least one row. Prints
    /// nothing if the component could not be read.
    pub(super) fn show(&self) -> Result<(), Exit> {
        let Some(bytes) = self.bytes else { return Ok(()) };
        let name = self.name.as_deref().unwrap_or("no name");
        let kind = self.kind.unwrap_or("not WebAssembly");
        let from = self.language.as_deref().map(|it| format!(" from {}", excerpt(it)));
        let is = format!("{kind}{}", from.unwrap_or_default());
        let file = self.component.as_deref().unwrap_or(&self.path).display();
        let bold = anstyle::Style::new().bold();
        let version = self.version.as_deref().unwrap_or_default();
        let size = show_size(bytes);
        let mut text = format!("{bold}{name}{bold:#}: {file}, {is}, {size}, version {version}\n");
        for (title, rows) in self.sections() {
            let more = rows.len().saturating_sub(MAX_LINES);
            let shown = rows.get(..MAX_LINES).unwrap_or(&rows);
            text.push_str(&format!("{bold}{title}{bold:#}\n"));
            table::lines(shown).iter().for_each(|line| text.push_str(&format!("  {line}\n")));
            if more > 0 {
                text.push_str(&format!("  and {more} more: --json has all\n"));
            }
        }
        print(text.as_bytes())
    }

    /// The sections with at least one row: titles and rows.
    fn sections(&self) -> Vec<(String, Vec<Vec<String>>)> {
        let plugin = self.name.as_deref().unwrap_or_default();
        let service =
            |it: &ServiceInfo| vec![format!("{plugin}.{}", it.name), it.description.clone()];
        let services: Vec<_> = self.services.iter().map(service).collect();
        let exports: Vec<_> = self.exports.iter().map(|name| vec![excerpt(name)]).collect();
        let mut sections = vec![
            ("services".to_owned(), services),
            ("imports".to_owned(), self.imports.iter().map(Imported::row).collect()),
            ("exports".to_owned(), exports),
            ("made of".to_owned(), self.parts()),
            ("made by".to_owned(), self.made_by()),
        ];
        if self.kind.is_some() {
            sections.push((self.granted_by(), self.granted()));
        }
        sections.retain(|(_, rows)| !rows.is_empty());
        sections
    }

    fn parts(&self) -> Vec<Vec<String>> {
        let row = |what: &str, value: String| vec![what.to_owned(), value];
        let mut rows = Vec::new();
        if self.core_modules > 0 {
            rows.push(row("core modules", self.core_modules.to_string()));
        }
        let memories = self.memories.iter().map(|size| size.show(show_size));
        rows.extend(memories.map(|size| row("memory", size)));
        let elements = |count: u64| format!("{count} elements");
        rows.extend(self.tables.iter().map(|size| row("table", size.show(elements))));
        if self.error.is_none() {
            let had = if self.had_code { "was on disk" } else { "is now on disk" };
            rows.push(row("compiled code", had.to_owned()));
        }
        rows
    }

    /// The rows for the languages and tools. If the source's language is known, the languages of
    /// its interpreter and libraries are omitted.
    fn made_by(&self) -> Vec<Vec<String>> {
        let is_shown = |it: &&Producer| self.language.is_none() || it.part != "language";
        let source = self.language.as_ref().map(|name| vec!["language".to_owned(), excerpt(name)]);
        let tools = self.producers.iter().filter(is_shown).map(producer_row);
        source.into_iter().chain(tools).collect()
    }

    fn granted_by(&self) -> String {
        match (&self.config, self.is_named) {
            (None, _) => "granted by default".to_owned(),
            (Some(file), true) => format!("granted by {}", file.display()),
            (Some(file), false) => format!("granted by {}, which does not name it", file.display()),
        }
    }

    fn granted(&self) -> Vec<Vec<String>> {
        let Some(grants) = &self.grants else { return Vec::new() };
        let mut rows = grants.rows();
        let network = match (self.network, grants.reaches_servers()) {
            ("http", _) => "only the servers of http",
            (_, true) => "none: it does not import hostel:http",
            (_, false) => "none",
        };
        rows.push(vec!["network".to_owned(), network.to_owned()]);
        rows.push(vec!["files".to_owned(), self.files.to_owned()]);
        let limits = Limits::names().filter_map(|name| Some((name, self.limits.get(name)?)));
        let limits: Vec<_> = limits.map(|(name, value)| format!("{name} {value}")).collect();
        for (place, several) in limits.chunks(4).enumerate() {
            let what = if place == 0 { "limits" } else { "" };
            rows.push(vec![what.to_owned(), several.join(", ")]);
        }
        rows
    }
}

impl From<ImportInfo> for Imported {
    fn from(ImportInfo { name, offer }: ImportInfo) -> Self {
        let (offered_by, fault) = match offer {
            Offer::Hostel => (Some("hostel"), None),
            Offer::Wasi => (Some("wasi"), None),
            Offer::None(fault) => (None, Some(fault)),
        };
        Imported { name, offered_by, fault }
    }
}

impl Imported {
    fn row(&self) -> Vec<String> {
        let by = match self.offered_by {
            Some("hostel") => "by Hostel",
            Some(_) => "by WASI",
            None => "not offered",
        };
        vec![excerpt(&self.name), by.to_owned()]
    }
}

impl From<Extent> for Size {
    fn from(Extent { initial, maximum }: Extent) -> Self {
        Size { initial, maximum }
    }
}

impl Size {
    fn show(&self, show: impl Fn(u64) -> String) -> String {
        match self.maximum {
            Some(most) if most == self.initial => format!("{}, fixed", show(most)),
            Some(most) => format!("{} to {}", show(self.initial), show(most)),
            None => format!("{} and more", show(self.initial)),
        }
    }
}

fn producer_row(Producer { part, name, version }: &Producer) -> Vec<String> {
    vec![excerpt(part), format!("{} {}", excerpt(name), excerpt(version))]
}
