//! The contract of `wit/` as Rust: the one place that generates code from it.
//!
//! Compiled for wasm only, and public only for the expansion of [`services!`](crate::services).

#![allow(missing_docs)]

wit_bindgen::generate!({
    path: "../wit",
    world: "service",
    pub_export_macro: true,
    default_bindings_module: "::hostel_sdk::wit",
    generate_all,
});
