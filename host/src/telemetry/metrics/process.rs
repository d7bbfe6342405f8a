//! The metrics of the process, with the usual names of Prometheus clients. Without `/proc`, only
//! the start time and the limit on file descriptors are reported.

use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// Reads the metrics of the process.
pub(super) fn registry(started: SystemTime) -> Registry {
    let mut registry = Registry::with_prefix("process");
    let started = started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let help = "Start time of the host, in seconds since 1970";
    registry.register_with_unit("start_time", help, Unit::Seconds, ConstGauge::new(started));
    if let Some(bytes) = resident() {
        let (help, bytes) = ("Memory in use", ConstGauge::new(bytes));
        registry.register_with_unit("resident_memory", help, Unit::Bytes, bytes);
    }
    if let Some(count) = open_files() {
        registry.register("open_fds", "File descriptors open", ConstGauge::new(count));
    }
    if let Some(most) = most_files() {
        registry.register("max_fds", "File descriptors that may be open", ConstGauge::new(most));
    }
    registry
}

fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1_024)
}

fn open_files() -> Option<u64> {
    // The listing includes the descriptor of the listing itself.
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    u64::try_from(count.saturating_sub(1)).ok()
}

fn most_files() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_process_has_memory_and_open_files() {
        let file = fs::File::open("/proc/self/status").unwrap();
        assert!(resident().unwrap() > 1 << 20);
        let files = open_files().unwrap();
        assert!((4..=most_files().unwrap()).contains(&files), "{files}");
        drop(file);
    }
}
