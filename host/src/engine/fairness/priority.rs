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
        // The system sets all attributes at once: change only the slice, and keep the priority and
        // the policy with which the operator started the server.
        let Some(mut attributes) = attributes() else { return };
        // Only these policies have a slice in `sched_runtime`; for SCHED_DEADLINE, it is a budget.
        let sliced = [libc::SCHED_OTHER, libc::SCHED_BATCH, libc::SCHED_IDLE];
        if sliced.contains(&attributes.sched_policy.cast_signed()) {
            attributes.sched_runtime = SLICE_NANOSECONDS;
            // SAFETY: `size` is the structure's size, and the kernel only reads the structure.
            unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
        }
    }
}

/// The scheduling attributes of this thread.
#[cfg(target_os = "linux")]
fn attributes() -> Option<libc::sched_attr> {
    // SAFETY: all fields are numbers, so zeroed fields are valid.
    let mut attributes: libc::sched_attr = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::sched_attr>() as u32;
    // SAFETY: the structure has the size that the kernel is told.
    let result = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attributes, size, 0) };
    (result == 0).then_some(attributes)
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
