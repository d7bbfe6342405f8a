//! Everything that goes through wasm or through the program, in one binary.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test that panics has failed, and says where"
)]

mod abi;
mod cli;
mod contract;
mod examples;
mod guests;
mod load;
mod new_service;
mod support;
mod tidy;
