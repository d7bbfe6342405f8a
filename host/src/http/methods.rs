//! Methods that a path takes.

use hyper::Method;

/// Whether one of these methods takes a request; GET takes HEAD too.
pub(super) fn take(methods: &[Method], method: &Method) -> bool {
    let has = |method| methods.contains(method);
    has(method) || (method == Method::HEAD && has(&Method::GET))
}

/// The value of `Allow` for these methods; with GET there is HEAD.
pub(super) fn list<'a>(methods: impl IntoIterator<Item = &'a Method>) -> String {
    let mut names: Vec<&str> = methods.into_iter().map(Method::as_str).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
