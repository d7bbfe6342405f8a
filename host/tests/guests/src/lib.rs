//! The services that the host's tests call: some misbehave on purpose, and some report what they
//! observe.

#![cfg(target_family = "wasm")]

mod misbehave;
mod observe;

use hostel_sdk::export::{self, Failure, Guest, Request, Response, ServiceInfo};
use misbehave::*;
use observe::*;
use std::cell::RefCell;

include!("list.rs");

macro_rules! list_services {
    ($($guest:ident),+ $(,)?) => {
        const SERVICES: &[hostel_sdk::Service] =
            &[$(hostel_sdk::services!(@service "", $guest)),+];
    };
}

foreach_guest!(list_services);

thread_local! {
    static UNCHECKED_HEADERS: RefCell<Vec<(String, Vec<u8>)>> = const { RefCell::new(Vec::new()) };
}

/// Adds a header to the response without the SDK, which would refuse an invalid header. The host
/// must refuse such a header too.
fn send_unchecked(name: &str, value: &str) {
    let header = (name.to_owned(), value.as_bytes().to_vec());
    UNCHECKED_HEADERS.with_borrow_mut(|headers| headers.push(header));
}

struct Plugin;

impl Guest for Plugin {
    fn services() -> Vec<ServiceInfo> {
        export::list(SERVICES)
    }

    fn handle(request: Request) -> Result<Response, Failure> {
        let mut response = export::handle(SERVICES, request)?;
        response.headers.extend(UNCHECKED_HEADERS.take());
        Ok(response)
    }
}

hostel_sdk::bindings::export!(Plugin with_types_in hostel_sdk::bindings);
