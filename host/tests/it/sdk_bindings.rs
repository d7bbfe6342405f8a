//! The Rust SDK's bindings are committed, so that services build without the bindings' generator.

use crate::support::project;
use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator};
use wit_bindgen_rust::Opts;

const HEAD: &str = "\
//! The contract of `wit/` as Rust, as `wit-bindgen` generates it. Not written by hand:
//! `HOSTEL_WRITE_DOCS=1 cargo test -p hostel --test it sdk_bindings` rewrites it.
//!
//! Compiled for wasm only, and public only for the expansion of [`services!`](crate::services).

#![allow(missing_docs, unreachable_pub, clippy::all, clippy::restriction)]
#![cfg_attr(rustfmt, rustfmt_skip)]

";

#[test]
fn the_bindings_of_the_rust_sdk_are_those_of_its_contract() {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(project().join("wit")).unwrap();
    let world = resolve.select_world(&[package], Some("full-service")).unwrap();
    let options = Opts {
        format: true,
        generate_all: true,
        pub_export_macro: true,
        default_bindings_module: Some("::hostel_sdk::bindings".to_owned()),
        ..Opts::default()
    };
    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files).unwrap();
    let (_, generated) = files.iter().next().unwrap();
    let bindings = format!("{HEAD}{}", std::str::from_utf8(generated).unwrap());
    let kept = project().join("guest-sdk/src/bindings.rs");
    if std::env::var_os("HOSTEL_WRITE_DOCS").is_some() {
        std::fs::write(&kept, &bindings).unwrap();
    }
    let fix = "run the test with HOSTEL_WRITE_DOCS=1 to rewrite guest-sdk/src/bindings.rs";
    assert!(std::fs::read_to_string(kept).unwrap() == bindings, "{fix}");
}
