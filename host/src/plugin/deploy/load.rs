//! Loads a source or a component whose files are stable: builds the source, compiles the component,
//! puts the version into the host, and logs the result.

use super::Shared;
use super::candidate::{Candidate, Key};
use super::fetch::Component;
use super::order::{Lane, Order, Stopped, stopped};
use super::queue::Turn;
use crate::telemetry::{Level, LoadOutcome};
use std::pin::pin;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// After this time, a load in the quick lane may give up its turn, so that another load begins.
const QUICK: Duration = Duration::from_secs(1);

/// A load that takes longer than this is logged.
const LONG: Duration = Duration::from_secs(10);

impl Shared {
    /// Loads the stable content of a location into the host, after waiting for its turn.
    pub(super) async fn load(&self, key: &Key) {
        if let Some(order) = self.order(key) {
            let given_up = self.change(key, |entry| entry.given_up()).unwrap_or_default();
            let ended = tokio::select! {
                ended = self.load_in_turn(key, &order) => ended,
                () = given_up.notified() => Err(Stopped::Changed),
            };
            if let Err(stopped) = ended {
                self.take_in_failure(key, &order, stopped);
            }
            if self.change(key, |entry| entry.is_behind()) == Some(true) {
                self.behind.notify_one();
            }
        }
        self.report_pending();
    }

    fn take_in_failure(&self, key: &Key, order: &Order, stopped: Stopped) {
        if let Stopped::Refused(None, _) = &stopped {
            // The host counts only the refusals of components that it received.
            self.host.counts().load(order.name.as_str(), LoadOutcome::Refused);
        }
        let news = self.change(key, |entry| match stopped {
            Stopped::Changed | Stopped::Slow { .. } => {
                entry.scan_again();
                None
            }
            Stopped::Refused(content, reason) => entry.failed(content, &reason).then_some(reason),
            Stopped::Later(reason) => {
                entry.scan_again();
                entry.fail(&reason).then_some(reason)
            }
        });
        if let Some(reason) = news.flatten() {
            self.log_failure(&order.path, order.name.as_str(), order.serves, &reason);
        }
    }

    fn order(&self, key: &Key) -> Option<Order> {
        let infos = self.infos();
        let entries = self.entries();
        let entry = entries.get(key)?;
        let name = entry.name.clone().ok()?;
        Some(Order {
            path: entry.path.clone(),
            serves: entry.serving.is_some() && infos.contains_key(&name),
            name,
            settings: entry.settings.clone(),
            limits: self.limits_of(&entry.settings),
            stamp: entry.stamp()?.clone(),
        })
    }

    async fn load_in_turn(&self, key: &Key, order: &Order) -> Result<(), Stopped> {
        let rank = order.stamp.bytes();
        let turn = self.quick.enter(rank).await;
        let was_interrupted = match self.load_quickly(key, order, turn).await {
            Err(Stopped::Slow { was_interrupted }) => was_interrupted,
            ended => return ended,
        };
        let _turn = match was_interrupted {
            true => self.last(order).await,
            false => self.slow.enter(rank).await,
        };
        self.fulfil(key, order, Lane::Slow).await
    }

    /// Loads in the quick lane. After a second, the load gives up its turn, unless `MAX_SLOWER`
    /// other running loads have done so: too many loads would saturate the machine.
    async fn load_quickly(&self, key: &Key, order: &Order, turn: Turn) -> Result<(), Stopped> {
        let mut loading = pin!(self.fulfil(key, order, Lane::Quick));
        if let Ok(ended) = timeout(QUICK, &mut loading).await {
            return ended;
        }
        let _place = match self.slower.try_acquire() {
            Ok(place) => {
                drop(turn);
                (Some(place), None)
            }
            Err(_) => (None, Some(turn)),
        };
        loading.await
    }

    /// Waits until all plugins have been loaded or refused, except this plugin and those that
    /// entered this function earlier, so that no two plugins wait for each other. Then waits for a
    /// turn. An earlier server ended while loading this plugin: the plugin may have been the cause.
    async fn last(&self, order: &Order) -> Turn {
        let message = "it was being loaded when a server ended, so the others are loaded first";
        self.log(Level::Warn, order.name.as_str(), message);
        let these = {
            let mut these = self.interrupted.lock().unwrap_or_else(PoisonError::into_inner);
            these.insert(order.name.clone());
            these.clone()
        };
        self.host.pending.until_only(&these).await;
        self.slow.enter(u64::MAX).await
    }

    /// Loads the plugin, and logs if the load takes long.
    async fn fulfil(&self, key: &Key, order: &Order, lane: Lane) -> Result<(), Stopped> {
        let mut loading = pin!(self.fetch_and_load(key, order, lane));
        if let Ok(ended) = timeout(LONG, &mut loading).await {
            return ended;
        }
        let (path, long) = (order.path.display(), LONG.as_secs());
        let message =
            format!("loading {path} takes longer than {long} s; others do not wait for it");
        self.log(Level::Warn, order.name.as_str(), &message);
        loading.await
    }

    async fn fetch_and_load(&self, key: &Key, order: &Order, lane: Lane) -> Result<(), Stopped> {
        let began = Instant::now();
        let is_source = order.stamp.is_of_source();
        self.change(key, |entry| entry.begins(if is_source { "building" } else { "loading" }));
        let Component { bytes, content, built, has_code } = self.fetch(key, order, lane).await?;
        let refusal = self.change(key, |entry| entry.refusal_of(content));
        if let Some(reason) = refusal.flatten() {
            return Err(Stopped::Refused(Some(content), reason));
        }
        let serving = self.change(key, |entry| entry.serving).flatten();
        if order.serves && serving == Some(content) {
            self.change(key, Candidate::unchanged);
            if let Some(built) = built {
                let message =
                    format!("built in {:.1} s, and nothing has changed", built.as_secs_f64());
                self.host.log_event(Level::Info, order.name.as_str(), &message);
            }
            return Ok(());
        }
        if !has_code {
            self.change(key, |entry| entry.begins("compiling"));
        }
        let loading = Instant::now();
        let before = self.info(&order.name).map(|info| info.version);
        let services = match order.serves {
            true => self.host.replace(&order.name, bytes).await,
            false => self.host.load(order.name.clone(), bytes, order.settings.clone()).await,
        };
        let services = services.map_err(|error| stopped(content, &error))?.len();
        let (took, compiled) = (began.elapsed(), (!has_code).then(|| loading.elapsed()));
        self.change(key, |entry| entry.loaded(content, took));
        let was = before.map(|before| format!("; was {before}")).unwrap_or_default();
        let plural = if services == 1 { "" } else { "s" };
        let message = format!(
            "version {content} serves {services} service{plural}, loaded in {:.1} s{}{was}",
            took.as_secs_f64(),
            parts(built, compiled)
        );
        self.host.log_event(Level::Info, order.name.as_str(), &message);
        Ok(())
    }
}

/// Formats the steps of a load with their durations.
fn parts(built: Option<Duration>, compiled: Option<Duration>) -> String {
    let part = |what: &str, took: Duration| format!("{what} in {:.1} s", took.as_secs_f64());
    let parts = built.map(|took| part("built", took)).into_iter();
    let parts = parts.chain(compiled.map(|took| part("compiled", took))).collect::<Vec<_>>();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}
