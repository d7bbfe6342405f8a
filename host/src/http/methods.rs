//! Matches and lists the HTTP methods of a path.

use hyper::Method;

/// True if one of these methods handles a request with `method`; GET also handles HEAD.
pub(super) fn take(methods: &[Method], method: &Method) -> bool {
    let has = |method| methods.contains(method);
    has(method) || (method == Method::HEAD && has(&Method::GET))
}

/// Returns the methods as the value of a header such as `Allow`. GET implies HEAD.
pub(super) fn list<'a>(methods: impl IntoIterator<Item = &'a Method>) -> String {
    let mut names: Vec<&str> = methods.into_iter().map(Method::as_str).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
