//! Guests that misbehave on purpose, one service each.

#![cfg(target_family = "wasm")]

mod misbehave;
mod observe;

use misbehave::*;
use observe::*;

include!("list.rs");

foreach_guest!(hostel_sdk::services);
