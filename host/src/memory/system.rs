//! The memory that the process may use: the machine's, or less if a control group limits it.

use std::fs;
use std::path::{Path, PathBuf};

/// Assumed bytes of memory if the system reports none: 2 GiB.
const UNKNOWN: u64 = 2 << 30;

/// Returns the default budget of a host: three quarters of the memory that the process may use. The
/// rest is for compiled code, the program itself and memory that the allocator cannot reuse.
pub(crate) fn default_budget() -> usize {
    let most = machine().into_iter().chain(group_limits(Path::new("/"))).min().unwrap_or(UNKNOWN);
    usize::try_from(most / 4 * 3).unwrap_or(usize::MAX)
}

/// Returns the bytes of the machine's memory, or `None` on systems other than Linux. Uses a system
/// call, because a confined server can open few files.
fn machine() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let info = rustix::system::sysinfo();
        // `totalram` has the width of a machine word.
        let units = usize::try_from(info.totalram).ok()?;
        let bytes = units.checked_mul(usize::try_from(info.mem_unit).ok()?)?;
        u64::try_from(bytes).ok()
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Returns the limits of the process's control groups and of their ancestors. In version 2 of
/// control groups, the limit is in the file `memory.max`; in version 1, in `memory.limit_in_bytes`.
/// If a group is not visible, as in a container, the visible root has the group's limits.
fn group_limits(root: &Path) -> Vec<u64> {
    let membership = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let folder = root.join("sys/fs/cgroup");
    let limits = membership.lines().filter_map(|line| {
        // The format of cgroups(7): a number, controllers and a path.
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let (top, file) = match controllers {
            "" => (folder.clone(), "memory.max"),
            of if of.split(',').any(|name| name == "memory") => {
                (folder.join("memory"), "memory.limit_in_bytes")
            }
            _ => return None,
        };
        Some(around(&top, path).into_iter().filter_map(move |group| limit(&group.join(file))))
    });
    limits.flatten().collect()
}

/// Returns the folders of a group and of its ancestors, up to `top`.
fn around(top: &Path, path: &str) -> Vec<PathBuf> {
    let path = Path::new(path.trim_start_matches('/'));
    path.ancestors().map(|group| top.join(group)).collect()
}

/// Returns a limit in bytes, or `None` for `max` or a missing file.
fn limit(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(files: &[(&str, &str)]) -> Vec<u64> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        group_limits(root.path())
    }

    #[test]
    fn the_limits_of_a_group_and_of_those_around_it_count() {
        let two = [
            ("proc/self/cgroup", "0::/system.slice/hostel.service\n"),
            ("sys/fs/cgroup/system.slice/memory.max", "800\n"),
            ("sys/fs/cgroup/system.slice/hostel.service/memory.max", "max\n"),
        ];
        assert_eq!(limits(&two), [800]);
        let one = [
            ("proc/self/cgroup", "9:cpu,cpuacct:/a\n7:memory:/a/b\n0::/\n"),
            ("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "500\n"),
            ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "700\n"),
            ("sys/fs/cgroup/memory.max", "900\n"),
        ];
        assert_eq!(limits(&one), [500, 700, 900]);
    }

    #[test]
    fn within_a_container_the_root_has_the_limits_and_the_path_is_elsewhere() {
        let files = [
            ("proc/self/cgroup", "0::/docker/0123\n"),
            ("sys/fs/cgroup/memory.max", "536870912\n"),
        ];
        assert_eq!(limits(&files), [512 << 20]);
        assert_eq!(limits(&[]), [0_u64; 0]);
    }

    #[test]
    fn the_machine_has_memory_and_the_budget_is_three_quarters_of_it_at_most() {
        let machine = machine().unwrap();
        assert!(default_budget() as u64 <= machine / 4 * 3 && default_budget() > 1 << 20);
    }
}
