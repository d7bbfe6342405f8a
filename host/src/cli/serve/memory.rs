//! Log lines at the start that compare the configured sizes with the memory budget.

use crate::config::Config;
use crate::telemetry::Level;
use crate::units::show_size;

/// Divisors of the budget: caches get at most a half, and a quarter is left for instances; see
/// `HostMemory`.
const CACHES: usize = 2;
const INSTANCES: usize = 4;

/// Compares the memory that this configuration may use with the budget. `caches` is the total
/// capacity of the caches in memory. Returns a line for the log, and warnings if the caches or a
/// call may need more than their part of the budget.
pub(super) fn lines(config: &Config, budget: usize, caches: u64) -> Vec<(Level, String)> {
    let (calls, memory) = (config.admission.calls, config.limits.memory);
    let bodies = config.server.bodies;
    let all = (calls as u64).saturating_mul(memory as u64).saturating_add(bodies as u64);
    let shown = |bytes: usize| show_size(bytes as u64);
    let first = format!(
        "the memory budget is {}; the configured maximum is {}: caches of {}, bodies of {}, and \
         {calls} calls of {} each. A call waits while there is too little memory for it",
        shown(budget),
        show_size(all.saturating_add(caches)),
        show_size(caches),
        shown(bodies),
        shown(memory)
    );
    let mut lines = vec![(Level::Info, first)];
    if caches > (budget / CACHES) as u64 {
        let fault = format!(
            "caches of {} are configured, but half of the memory budget is {}: they evict entries \
             before they are full. Raise `server.memory`, or lower their `capacity`",
            show_size(caches),
            shown(budget / CACHES)
        );
        lines.push((Level::Warn, fault));
    }
    if memory > budget / INSTANCES {
        let fault = format!(
            "`limits.memory` is {}, but only a quarter of the memory budget, {}, is reserved for \
             instances: a call may get less than its limit. Raise `server.memory`, or lower the \
             limit",
            shown(memory),
            shown(budget / INSTANCES)
        );
        lines.push((Level::Warn, fault));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[track_caller]
    fn check(budget: usize, caches: u64, expected: &[&str]) {
        let lines = lines(&Config::of_folder(Path::new(".")), budget, caches);
        assert_eq!(lines.len(), expected.len(), "{lines:?}");
        for ((level, line), expected) in lines.iter().zip(expected) {
            assert!(line.contains(expected), "{line}");
            assert_eq!(*level == Level::Info, line.contains("configured maximum"), "{line}");
        }
    }

    #[test]
    fn what_is_configured_is_compared_with_the_budget() {
        let fits = "the memory budget is 8.0 GiB; the configured maximum is 16.4 GiB: caches of 128.0 \
                    MiB, bodies of 256.0 MiB, and 256 calls of 64.0 MiB each";
        check(8 << 30, 128 << 20, &[fits]);
        check(256 << 20, 129 << 20, &["budget is 256.0 MiB", "half of the memory budget is 128.0"]);
        check(255 << 20, 0, &["", "`limits.memory` is 64.0 MiB, but only a quarter"]);
    }
}
