//! What a guest can reach: one file for each import, and `handler` for the export.
//!
//! The only place where types of the WIT meet ours. **A guest reaches nothing but what is offered
//! here.**

pub(crate) mod cache;
mod found;
mod given;
pub(crate) mod handler;
pub(crate) mod log;
pub(crate) mod wasi;
