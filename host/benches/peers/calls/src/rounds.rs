//! Interleaved measurement: the sides run in short turns, so that a change in the machine's speed
//! affects all of them alike.

use anyhow::Result;
use std::time::Instant;
use table::median;

const ROUNDS: usize = 21;

/// Measurements per turn, of which only the fastest counts. Each is short, so that other processes
/// of a shared machine disturb few of them.
const BURSTS: usize = 20;

/// A function that runs one side for a while and returns the time of one operation, in nanoseconds
/// unless documented otherwise.
pub type Side<'a> = Box<dyn FnMut() -> Result<f64> + 'a>;

/// Returns the figures of each side, one per round, after a warm-up round.
pub fn take_turns(mut sides: Vec<Side<'_>>) -> Result<Vec<Vec<f64>>> {
    let mut figures = vec![Vec::new(); sides.len()];
    for round in 0..=ROUNDS {
        for (side, figures) in sides.iter_mut().zip(&mut figures) {
            let figure = side()?;
            if round > 0 {
                figures.push(figure);
            }
        }
    }
    Ok(figures)
}

/// Returns the median of each side.
pub fn medians<const SIDES: usize>(sides: Vec<Side<'_>>) -> Result<[f64; SIDES]> {
    let mut figures = take_turns(sides)?.into_iter().map(median);
    Ok(std::array::from_fn(|_| figures.next().unwrap_or(f64::NAN)))
}

/// Runs `work`, which makes `calls` calls, several times. Returns the nanoseconds per call of the
/// fastest run.
pub fn nanoseconds(calls: u32, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut fastest = f64::INFINITY;
    for _ in 0..BURSTS {
        let start = Instant::now();
        work()?;
        fastest = fastest.min(start.elapsed().as_nanos() as f64);
    }
    Ok(fastest / f64::from(calls))
}
