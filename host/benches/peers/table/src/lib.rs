//! Code that the benchmarks share. Usually two sides take turns for several rounds, and a row of
//! the table compares the sides.
//!
//! The speed of a shared machine drifts. So a ratio is computed for each round, in which both sides
//! ran under the same conditions. The row has the median of these ratios, and the smallest and the
//! largest ratio as their spread.

mod redis;

pub use redis::RedisServer;

use std::fmt;

/// The target for a ratio: our figure divided by the peer's figure.
#[derive(Clone, Copy)]
pub enum Wanted {
    /// At most this number: for times and sizes.
    AtMost(f64),
    /// At least this number: for rates.
    AtLeast(f64),
    /// No target: the row is informational.
    Nothing,
}

/// One row: what was measured, with one figure per round for our side and the peer's.
pub struct Row<'a> {
    /// The letter of the target, or empty.
    pub target: &'a str,
    /// What was measured, in a few words.
    pub what: &'a str,
    /// The peer.
    pub peer: &'a str,
    /// The unit of both sides' figures, as printed.
    pub unit: &'a str,
    /// Our figures, one per round.
    pub ours: Vec<f64>,
    /// The peer's figures of the same rounds.
    pub theirs: Vec<f64>,
    /// The target for the ratio.
    pub wanted: Wanted,
}

/// The two header lines above the rows.
pub const HEAD: &str = "| group | measured | peer | ours | peer's | ratio (spread) | wanted | |
|---|---|---|---|---|---|---|---|";

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ratios = self.ours.iter().zip(&self.theirs).map(|(ours, theirs)| ours / theirs);
        let ratios = sorted(ratios.collect());
        let ratio = middle(&ratios);
        let (least, most) = (ratios.first().unwrap_or(&ratio), ratios.last().unwrap_or(&ratio));
        let (ours, theirs) = (median(self.ours.clone()), median(self.theirs.clone()));
        let Row { target, what, peer, unit, wanted, .. } = self;
        let (ours, theirs) = (figure(ours), figure(theirs));
        write!(
            f,
            "| {target} | {what} | {peer} | {ours} {unit} | {theirs} {unit} \
             | {} ({} to {}) | {wanted} | {} |",
            of_ratio(ratio),
            of_ratio(*least),
            of_ratio(*most),
            wanted.verdict(ratio)
        )
    }
}

impl Wanted {
    fn verdict(self, ratio: f64) -> &'static str {
        match self {
            Wanted::AtMost(most) if ratio > most => "missed",
            Wanted::AtLeast(least) if ratio < least => "missed",
            Wanted::Nothing => "",
            _ => "met",
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wanted::AtMost(most) => write!(f, "≤ {}", rounded(*most)),
            Wanted::AtLeast(least) => write!(f, "≥ {}", rounded(*least)),
            Wanted::Nothing => Ok(()),
        }
    }
}

/// Formats a ratio with two decimals, or with four if it is too small for two.
fn of_ratio(ratio: f64) -> String {
    let decimals = if ratio < 0.1 { 4 } else { 2 };
    format!("{ratio:.decimals$}")
}

/// Rounds a number to three decimals.
fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

/// Returns the median, or NaN if there are no figures.
#[must_use]
pub fn median(figures: Vec<f64>) -> f64 {
    middle(&sorted(figures))
}

fn sorted(mut figures: Vec<f64>) -> Vec<f64> {
    figures.sort_by(f64::total_cmp);
    figures
}

fn middle(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Formats a number with two decimals below 10, one decimal below 100, and otherwise none.
fn figure(number: f64) -> String {
    let decimals = if number < 10.0 { 2 } else { usize::from(number < 100.0) };
    format!("{number:.decimals$}")
}
