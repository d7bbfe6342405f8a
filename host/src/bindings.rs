//! The types and the export of the world `hostel:service/full-service`, generated from `wit/`.
//!
//! The imports are implemented by hand in `hostcalls`, because only `func_wrap` can borrow a
//! guest's string instead of copying it.

#![allow(missing_docs, unreachable_pub)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "hostel:service/full-service",
    exports: { default: async },
});
