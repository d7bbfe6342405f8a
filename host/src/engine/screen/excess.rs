//! The reasons for refusing a component before it is compiled.

use crate::engine::limits::Limit;
use wasmparser::BinaryReaderError;

/// Why a component is refused.
pub(super) enum Excess {
    Over(Limit),
    Malformed(BinaryReaderError),
    PassedComponent,
}

impl From<BinaryReaderError> for Excess {
    fn from(error: BinaryReaderError) -> Self {
        Excess::Malformed(error)
    }
}

/// Refuses a count that exceeds its limit.
pub(super) fn within(count: usize, most: usize, limit: Limit) -> Result<(), Excess> {
    if count > most { Err(Excess::Over(limit)) } else { Ok(()) }
}
