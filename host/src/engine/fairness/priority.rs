//! Priorities and time slices of threads, on Linux only. If the system refuses a change, nothing
//! changes.

/// The `nice` value of the threads for long calls: the lowest priority.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 19;

/// The time slice of the runtime's threads: the shortest that Linux supports. On Linux 6.12 and
/// later, a woken thread with so short a slice can preempt the running thread. With a longer slice,
/// it may wait some milliseconds until the running thread's slice ends.
#[cfg(target_os = "linux")]
const SLICE_NANOSECONDS: u64 = 100_000;

/// Lowers the priority of this thread, so that the system gives a processor to the runtime's
/// threads as soon as they have work.
pub(super) fn lower_priority() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// Gives this thread the shortest time slice, so that it waits less after it is woken. The server
/// calls this on each thread of the runtime.
pub(crate) fn shorten_slice() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: all fields are numbers, so zeroed fields are valid. They mean the default policy.
        let mut attributes: libc::sched_attr = unsafe { std::mem::zeroed() };
        attributes.size = size_of::<libc::sched_attr>() as u32;
        attributes.sched_runtime = SLICE_NANOSECONDS;
        // SAFETY: `size` is the structure's size, and the kernel only reads the structure.
        unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    }
}
