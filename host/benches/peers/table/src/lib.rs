//! What the benches have in common: two sides take turns for some rounds, and a row of the table
//! says how the one fared beside the other.
//!
//! Times drift on a machine that others use. The ratio is taken within each round, where both
//! sides met the same weather; its median is the figure, its extremes are the spread.

mod redis;

pub use redis::RedisServer;

use std::fmt;

/// What a target asks of a ratio, ours divided by the peer's.
#[derive(Clone, Copy)]
pub enum Wanted {
    /// At most this: of times and sizes.
    AtMost(f64),
    /// At least this: of rates.
    AtLeast(f64),
    /// Nothing: the row is there to be read.
    Nothing,
}

/// One row: what was measured, on our side and on the peer's, a figure a round.
pub struct Row<'a> {
    /// The letter of the target, or nothing.
    pub target: &'a str,
    /// What was measured, in a few words.
    pub what: &'a str,
    /// The other side.
    pub peer: &'a str,
    /// The unit of both sides' figures, as it is written.
    pub unit: &'a str,
    /// Our figures, a round each.
    pub ours: Vec<f64>,
    /// The peer's figures of the same rounds.
    pub theirs: Vec<f64>,
    /// What the ratio should be.
    pub wanted: Wanted,
}

/// The two lines above the rows.
pub const HEAD: &str = "| target | measured | peer | ours | peer's | ratio (spread) | wanted | |
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

/// Two decimals, and two more where nothing would be left of the number.
fn of_ratio(ratio: f64) -> String {
    let decimals = if ratio < 0.1 { 4 } else { 2 };
    format!("{ratio:.decimals$}")
}

/// Three decimals at most, and no zeros at the end.
fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

/// The figure in the middle; NaN of none.
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

/// Three digits that say something, more where the number is large.
fn figure(number: f64) -> String {
    let decimals = if number < 10.0 { 2 } else { usize::from(number < 100.0) };
    format!("{number:.decimals$}")
}
