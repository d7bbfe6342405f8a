//! Shows the running loads in the status line of a server on a terminal.

use crate::Deployment;
use crate::telemetry::{REDRAW, has_status, seconds, show_status};
use std::convert::Infallible;

/// Shows the step of each running load, and its duration, until the server ends.
pub(super) async fn show(deployment: &Deployment) -> Infallible {
    if !has_status() {
        std::future::pending::<()>().await;
    }
    let mut ticks = tokio::time::interval(REDRAW);
    let _clear = ClearOnDrop;
    loop {
        ticks.tick().await;
        let steps = deployment.under_way().into_iter();
        let steps =
            steps.map(|(doing, plugin, since)| format!("{doing} {plugin} {}", seconds(since)));
        show_status(&steps.collect::<Vec<_>>().join(", "));
    }
}

/// Clears the status line when the server ends.
struct ClearOnDrop;

impl Drop for ClearOnDrop {
    fn drop(&mut self) {
        show_status("");
    }
}
