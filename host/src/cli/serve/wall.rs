//! Confines a server: determines the files that the server needs, and starts the helpers that keep
//! the rights which the server gives up.

use super::processes::Processes;
use crate::cli::internal::PROGRAM;
use crate::config::{Config, Wall};
use crate::engine::CodeStore;
use crate::source::Location;
use crate::wall::{self, Files};
use crate::{Launcher, toolchain};
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};

/// System files and folders that a running server reads.
const SYSTEM: &[&str] = &[
    // The server's memory and descriptors, for metrics, and the available processors.
    "/proc/self",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    // Name resolution, for outbound connections: the resolver's files, and the libraries that the
    // resolver loads.
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/ld.so.cache",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/run/systemd/resolve",
    "/run/NetworkManager",
    "/run/resolvconf",
    // Certificates for outbound TLS.
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
];

/// Variables that name the certificates to trust instead of the system's.
const CERTIFICATES: &[&str] = &["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Starts the helpers and confines the process, unless `server.wall` is off. Returns a log line
/// that describes the restrictions. Must be called before any thread is started.
///
/// # Errors
///
/// If a helper cannot be started, or a required restriction is unavailable.
pub(super) fn put_up(config: &Config) -> anyhow::Result<(Processes, String)> {
    let plugins = plugins(config);
    let program = PathBuf::from(PROGRAM);
    if config.server.wall == Wall::Off {
        let line = "wall: none (`server.wall` is off)".to_owned();
        return Ok((Processes(Launcher::new(program)), line));
    }
    // Create the folder now: the confined process may not do so.
    if let Some(folder) = toolchain::code_folder() {
        let _ = CodeStore::open(&folder);
    }
    let launcher = Launcher::with_helpers(program, plugins.clone());
    let launcher = launcher.context("cannot start a helper process")?;
    let standing = wall::around_server(&files(config, &plugins));
    if let (Wall::Required, Some(missing)) = (config.server.wall, standing.missing()) {
        bail!(
            "`server.wall` is \"required\", and a part is missing: {missing}; allow it, or set it \
             to \"available\""
        );
    }
    Ok((Processes(launcher), format!("wall: {standing}")))
}

/// The paths of the configured plugins, of their sources, and of the folder of plugins.
fn plugins(config: &Config) -> Vec<PathBuf> {
    let named = config.plugins.iter().map(|plugin| &plugin.path);
    let sources = config.plugins.iter().filter_map(|plugin| Location::at(&plugin.path).ok());
    // The path of a single file may belong to a source that comprises the file's whole folder.
    let folders: Vec<_> = sources.map(|location| location.path().to_owned()).collect();
    let places = named.chain(config.folder.as_ref()).chain(&folders);
    places.filter_map(|path| std::path::absolute(path).ok()).collect()
}

fn files(config: &Config, plugins: &[PathBuf]) -> Files {
    let mut read: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    let named = CERTIFICATES.iter().filter_map(std::env::var_os);
    // `SSL_CERT_DIR` may name several folders.
    read.extend(named.flat_map(|paths| std::env::split_paths(&paths).collect::<Vec<_>>()));
    read.extend(
        config.server.tls.iter().flat_map(|tls| [tls.certificate.clone(), tls.key.clone()]),
    );
    read.extend(plugins.iter().flat_map(|plugin| around(plugin)));
    read.extend(config.files.iter().flat_map(|route| served(&route.folder)));
    let write: Vec<_> = toolchain::code_folder().into_iter().collect();
    read.extend(write.iter().filter_map(|folder| CodeStore::key_file(folder)));
    Files { read, write }
}

/// The folders that the server must read to load a plugin or a later replacement: the plugin itself
/// if it is a folder, or else the folder that contains it. For each link in the plugin's path or
/// directly in the plugin, also the folder that contains the link's target.
fn around(plugin: &Path) -> Vec<PathBuf> {
    let mut folders = vec![match plugin.is_dir() {
        true => plugin.to_owned(),
        false => folder_of(plugin),
    }];
    folders.extend(plugin.ancestors().filter_map(around_target));
    let inside = plugin.read_dir().into_iter().flatten().filter_map(Result::ok);
    folders.extend(inside.filter_map(|entry| around_target(&entry.path())));
    folders
}

/// For a link, the folder that contains its target, or the target itself if it is directly below
/// the root. The link can later point to another version in
/// that folder.
fn around_target(path: &Path) -> Option<PathBuf> {
    path.is_symlink().then(|| path.canonicalize().ok().map(|target| folder_of(&target)))?
}

/// The folders needed to serve files: the folder itself, and those of [`around_target`] for each
/// link in its path.
fn served(folder: &Path) -> Vec<PathBuf> {
    folder.ancestors().filter_map(around_target).chain([folder.to_owned()]).collect()
}

/// The folder that contains a path; the path itself if that folder is the root, which contains all
/// files.
fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder.parent().is_some() => folder.to_owned(),
        _ => path.to_owned(),
    }
}
