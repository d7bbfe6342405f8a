//! Tests of the threads' time slices.

use super::*;

#[test]
fn a_shorter_slice_keeps_the_priority_and_the_policy() {
    let of_policy = |policy: i32| {
        let started = std::thread::spawn(move || {
            rustix::process::setpriority_process(None, 7).unwrap();
            let mut set = attributes().unwrap();
            set.sched_policy = policy.cast_unsigned();
            // SAFETY: as in `shorten_slice`.
            unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const set, 0) };
            shorten_slice();
            attributes().map(|it| (it.sched_policy.cast_signed(), it.sched_nice))
        });
        started.join().unwrap()
    };
    for policy in [libc::SCHED_OTHER, libc::SCHED_BATCH, libc::SCHED_IDLE] {
        assert_eq!(of_policy(policy), Some((policy, 7)));
    }
}
