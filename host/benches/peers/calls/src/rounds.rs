//! Taking turns: what is compared is measured a little at a time, one after the other, so that a
//! machine whose speed drifts drifts for all.

use anyhow::Result;
use std::time::Instant;
use table::median;

const ROUNDS: usize = 21;

/// Times that a side does its work in its turn. Each is so short that most are not disturbed where
/// others use the machine, and the fastest counts.
const BURSTS: usize = 20;

/// One thing to measure: does it for a while, and answers what once costs, in nanoseconds.
pub type Side<'a> = Box<dyn FnMut() -> Result<f64> + 'a>;

/// The figures of each side, a round each. The first round is for warming up.
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

/// The median of each side.
pub fn medians<const SIDES: usize>(sides: Vec<Side<'_>>) -> Result<[f64; SIDES]> {
    let mut figures = take_turns(sides)?.into_iter().map(median);
    Ok(std::array::from_fn(|_| figures.next().unwrap_or(f64::NAN)))
}

/// Nanoseconds that one of so many calls takes, all of them made by `work`.
pub fn nanoseconds(calls: u32, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut fastest = f64::INFINITY;
    for _ in 0..BURSTS {
        let start = Instant::now();
        work()?;
        fastest = fastest.min(start.elapsed().as_nanos() as f64);
    }
    Ok(fastest / f64::from(calls))
}
