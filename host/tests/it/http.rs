//! The front for HTTP, byte by byte: what a client sends, what it gets, and what a guest sees.

mod admin;
mod bad;
mod callers;
mod client;
mod ends;
mod protocols;
mod requests;
mod serve;
