//! Restricts system calls with seccomp. A refused call fails with `EPERM`, like a call without
//! permission, and does not kill the process. Only a call of another architecture, such as a 32-bit
//! one, kills it.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompFilter, apply_filter, apply_filter_all_threads,
};
use std::collections::BTreeMap;

/// System calls that a server does not need, and that an attacker would try first.
pub(super) const REFUSED_TO_SERVERS: &[libc::c_long] = &[
    // Other programs and other processes.
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    // Namespaces, file systems, swap files and process accounting.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_quotactl,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    // The kernel and the machine.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_reboot,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    // io_uring bypasses this filter. The other calls make attacks on the kernel easier, reach
    // keyrings, or weaken the protection of memory.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_personality,
];

/// System calls that a compiling process needs, for example to create threads, allocate memory and
/// use its descriptors.
const ALLOWED_TO_COMPILERS: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_madvise,
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_fcntl,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_tgkill,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_getrlimit,
    libc::SYS_prctl,
    libc::SYS_sysinfo,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// The bit that is set in call numbers of x32, a 32-bit ABI that x86-64 kernels may also offer. x32
/// has most of the same calls with this bit, and some calls of its own.
#[cfg(target_arch = "x86_64")]
const X32_BIT: libc::c_long = 0x4000_0000;
#[cfg(target_arch = "x86_64")]
const REFUSED_OF_X32: &[libc::c_long] = &[520, 521, 528, 539, 540, 545];

/// Refuses the calls in [`REFUSED_TO_SERVERS`] to all threads of the process, and to threads that
/// start later.
///
/// # Errors
///
/// Returns why the filter cannot be installed.
pub(super) fn bound_server() -> Result<(), String> {
    let refused = REFUSED_TO_SERVERS.iter().copied();
    #[cfg(target_arch = "x86_64")]
    let refused = {
        let of_x32 = REFUSED_TO_SERVERS.iter().chain(REFUSED_OF_X32);
        refused.chain(of_x32.map(|call| call | X32_BIT))
    };
    let program = program(refused, SeccompAction::Allow, refusal())?;
    apply_filter_all_threads(&program).map_err(|error| error.to_string())
}

/// Refuses all calls except the ones in [`ALLOWED_TO_COMPILERS`] to this thread and the threads
/// that it starts later.
///
/// # Errors
///
/// Returns why the filter cannot be installed.
pub(super) fn bound_compiler() -> Result<(), String> {
    let allowed = ALLOWED_TO_COMPILERS.iter().copied();
    let program = program(allowed, refusal(), SeccompAction::Allow)?;
    apply_filter(&program).map_err(|error| error.to_string())
}

fn refusal() -> SeccompAction {
    SeccompAction::Errno(libc::EPERM as u32)
}

fn program(
    calls: impl Iterator<Item = libc::c_long>,
    others: SeccompAction,
    named: SeccompAction,
) -> Result<BpfProgram, String> {
    let rules: BTreeMap<i64, Vec<_>> = calls.map(|call| (call, Vec::new())).collect();
    let architecture = std::env::consts::ARCH.try_into();
    let architecture =
        architecture.map_err(|_| "it is not supported on this processor".to_owned())?;
    let filter = SeccompFilter::new(rules, others, named, architecture);
    filter.and_then(BpfProgram::try_from).map_err(|error| error.to_string())
}
