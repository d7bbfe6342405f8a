//! The bytes of bodies that are held for calls, bounded for a whole listener: one body is bounded by
//! `limits.request`, but as many come at once as there are connections.

use super::problem::Problem;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is left for bodies.
pub(super) struct Bodies(AtomicUsize);

impl Bodies {
    /// Room for so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Bodies(AtomicUsize::new(bytes))
    }

    /// Begins a body, of which nothing is there yet.
    pub(super) fn begin(&self) -> Held<'_> {
        Held { of: self, bytes: 0 }
    }
}

/// The bytes of one body, given back when it goes.
pub(super) struct Held<'a> {
    of: &'a Bodies,
    bytes: usize,
}

impl Held<'_> {
    /// Takes room for what has come. What a client only announces takes none.
    ///
    /// # Errors
    ///
    /// When there is no room left: the client should come back.
    pub(super) fn add(&mut self, bytes: usize) -> Result<(), Problem> {
        let take = |left: usize| left.checked_sub(bytes);
        let taken = self.of.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.map_err(|_left| Problem::busy())?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.of.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_takes_its_bytes_until_it_goes() {
        let bodies = Bodies::new(10);
        let (mut one, mut other) = (bodies.begin(), bodies.begin());
        assert_eq!((one.add(4), one.add(4), other.add(2)), (Ok(()), Ok(()), Ok(())));
        assert_eq!(other.add(1), Err(Problem::busy()));
        drop(one);
        assert_eq!((other.add(8), other.add(1)), (Ok(()), Err(Problem::busy())));
    }
}
