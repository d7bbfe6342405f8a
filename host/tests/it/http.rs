//! The HTTP server: the bytes that clients send and receive, and the requests that guests receive.

mod admin;
mod authority;
mod bad;
mod browser;
mod callers;
pub mod client;
mod clients;
pub mod cors;
mod crash;
mod direct;
mod ends;
mod files;
mod floods;
mod loading;
mod metrics;
pub mod program;
pub mod protocols;
mod proxies;
mod reload;
mod requests;
pub mod serve;
mod shares;
mod shutdown;
mod user;
#[cfg(target_os = "linux")]
mod wall;
