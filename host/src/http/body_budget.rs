//! A budget for the bytes of all request bodies that a listener holds. `limits.request` bounds one
//! body, but there may be one for each connection.

use super::problem::Problem;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes that are left for bodies.
pub(super) struct BodyBudget(AtomicUsize);

impl BodyBudget {
    pub(super) fn new(bytes: usize) -> Self {
        BodyBudget(AtomicUsize::new(bytes))
    }

    /// An empty reservation, for a body that is about to be read.
    pub(super) fn reserve(&self) -> Reservation<'_> {
        Reservation { budget: self, bytes: 0 }
    }
}

/// The bytes of one body, returned to the budget when this is dropped.
pub(super) struct Reservation<'a> {
    budget: &'a BodyBudget,
    bytes: usize,
}

impl Reservation<'_> {
    /// Takes the bytes that have arrived from the budget. A length that a client only declares
    /// takes nothing: clients could use up the budget without sending a byte.
    ///
    /// # Errors
    ///
    /// `busy`, when the budget is used up.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        let take = |left: usize| left.checked_sub(bytes);
        let taken = self.budget.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.map_err(|_left| Problem::busy())?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_takes_its_bytes_until_it_is_dropped() {
        let budget = BodyBudget::new(10);
        let (mut one, mut other) = (budget.reserve(), budget.reserve());
        assert_eq!((one.grow(4), one.grow(4), other.grow(2)), (Ok(()), Ok(()), Ok(())));
        assert_eq!(other.grow(1), Err(Problem::busy()));
        drop(one);
        assert_eq!((other.grow(8), other.grow(1)), (Ok(()), Err(Problem::busy())));
    }
}
