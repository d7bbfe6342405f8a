//! The priority of threads. Where the system refuses one, a thread keeps what it has.

/// How much lower the priority of long calls is, as `nice` counts: the least that a thread can have.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 19;

/// For how long a thread of the runtime computes before others get their turn: the shortest time that
/// Linux knows. In return it runs as soon as it is woken, where a thread with a longer time would wait
/// until the running one has had its own, which is some milliseconds (Linux 6.12 and later).
#[cfg(target_os = "linux")]
const SLICE_NANOSECONDS: u64 = 100_000;

/// Lowers the priority of this thread, so that the system gives a processor to the runtime's threads as
/// soon as there is work for them.
pub(super) fn lower_priority() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// Has this thread, one of the runtime, run soon after it is woken.
pub(crate) fn shorten_slice() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: all of its fields are numbers, for which 0 is a value: the ordinary policy.
        let mut attributes: libc::sched_attr = unsafe { std::mem::zeroed() };
        attributes.size = size_of::<libc::sched_attr>() as u32;
        attributes.sched_runtime = SLICE_NANOSECONDS;
        // SAFETY: the structure is as large as it says, and is only read.
        unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    }
}
