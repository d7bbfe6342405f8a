//! HTTP methods, by name.

use super::error::{Diagnostics, instead};
use super::raw::At;

/// An HTTP method that a route can match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Method {
    /// All methods that a route can name.
    pub const ALL: [Method; 7] = [
        Method::Get,
        Method::Head,
        Method::Post,
        Method::Put,
        Method::Patch,
        Method::Delete,
        Method::Options,
    ];

    /// Returns the method's name as clients send it, in upper case.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
            Method::Options => "OPTIONS",
        }
    }
}

pub(super) fn methods(raw: &[At<String>], diagnostics: &mut Diagnostics<'_>) -> Vec<Method> {
    let mut methods = Vec::new();
    for written in raw {
        match Method::ALL.into_iter().find(|method| method.as_str() == written.get()) {
            Some(method) => methods.push(method),
            None => {
                let upper = written.get().to_ascii_uppercase();
                let instead = instead(&upper, Method::ALL.map(Method::as_str));
                let message = format_args!("unknown method {:?}; {instead}", written.get());
                diagnostics.fault(written.at(), message);
            }
        }
    }
    methods
}
