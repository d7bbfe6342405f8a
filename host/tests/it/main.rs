//! The integration tests of the library and the program, in one test binary.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test that panics has failed, and says where"
)]

mod abi;
mod bombs;
mod cache_command;
mod call;
mod cancelled;
mod cli;
#[cfg(target_os = "linux")]
mod compiling;
mod config;
mod config_files;
mod conformance;
mod contract;
mod deploy;
mod direct_calls;
mod examples;
mod first_day;
mod guests;
mod http;
mod inspect;
mod instances;
mod languages;
mod lease;
mod load;
mod memory;
mod new_service;
mod outbound;
mod preflight;
mod readme;
mod redis;
mod routes;
mod sdk_bindings;
mod slips;
mod source;
#[cfg(target_os = "linux")]
mod status;
mod support;
mod systemd;
mod tidy;
mod traces;
