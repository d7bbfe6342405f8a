//! What a service is asked.

use serde::de::DeserializeOwned;

use crate::failure::{Failure, Result};
use crate::numbers;

/// One request to one service.
///
/// A handler with a second argument gets the body as that type; the rest is here. A test makes one
/// with the fields it needs and `..Request::default()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The service's name within the plugin.
    pub service: String,
    /// The correlation id, the one that the host's log lines carry.
    pub id: String,
    /// The media type of the body, when the caller named one.
    pub content_type: Option<String>,
    /// Empty when there is none.
    pub body: Vec<u8>,
    /// Absent when the request did not come by HTTP.
    pub http: Option<HttpRequest>,
}

impl Request {
    /// The body, read as JSON, whatever media type the caller named. An empty body reads as
    /// `null`, so `Option<T>` and `()` fit a request without one.
    ///
    /// # Errors
    ///
    /// `BadRequest` when the body is not UTF-8, no JSON, no `T`, or holds an integer that `T` would
    /// round (the rule is that of [`Cache::get`](crate::Cache::get)). The message says where, by
    /// line and column.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        if self.body.is_empty() {
            return numbers::from_text("null")
                .map_err(|_| Failure::bad_request("the request needs a JSON body and has none"));
        }
        let text = std::str::from_utf8(&self.body)
            .map_err(|error| Failure::bad_request(format!("the request body: {error}")))?;
        numbers::from_text(text)
            .map_err(|error| Failure::bad_request(format!("the request body: {error}")))
    }
}

/// What only a request that came by HTTP has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// As sent, `GET` for example.
    pub method: String,
    /// As sent, still percent-encoded, without the query.
    pub path: String,
    /// The decoded parameters of the route's path, name and value, in the route's order.
    pub path_params: Vec<(String, String)>,
    /// As sent, without the `?`; empty when there is none.
    pub query: String,
    /// Host and port as the client named them; empty when it named none.
    pub authority: String,
    /// The address of the client, `ip:port`.
    pub client: String,
    /// In the order they were sent, names in lower case; one name may occur more than once.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl HttpRequest {
    /// The first header of that name, in any case. `None` also when its value is not UTF-8; the
    /// bytes, and further headers of the name, are in [`headers`](HttpRequest::headers).
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// The decoded parameter of that name in the route's path, `id` of `/orders/{id}` for example.
    pub fn path_param(&self, name: &str) -> Option<&str> {
        let (_, value) = self.path_params.iter().find(|(n, _)| n == name)?;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::FailureKind;

    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Order {
        id: u64,
        price: f64,
    }

    fn request(body: &[u8]) -> Request {
        Request { body: body.to_vec(), ..Request::default() }
    }

    #[track_caller]
    fn check_refused(body: &[u8], says: &str) {
        let failure = request(body).json::<Order>().unwrap_err();
        assert_eq!(failure.kind, FailureKind::BadRequest);
        assert!(failure.message.contains(says), "{failure}");
    }

    #[test]
    fn body_is_read_as_the_type() {
        let order = request(br#"{"id": 18446744073709551615, "price": 2, "more": 1}"#).json();
        assert_eq!(order, Ok(Order { id: u64::MAX, price: 2.0 }));
    }

    #[test]
    fn empty_body_reads_as_null() {
        assert_eq!(request(b"").json::<Option<Order>>(), Ok(None));
        assert_eq!(request(b"").json::<()>(), Ok(()));
        check_refused(b"", "needs a JSON body and has none");
    }

    #[test]
    fn body_that_does_not_fit_is_a_bad_request_that_says_where() {
        check_refused(br#"{"id": 1}"#, "missing field `price` at line 1 column 9");
        check_refused(b"{\"id\": 1,\n\"price\": \"2\"}", "at line 2 column 12");
        check_refused(br#"{"id": 1, "price": 9007199254740993}"#, "9007199254740993");
        check_refused(b"{} {}", "line 1 column 2");
        check_refused(b"\xff", "utf-8");
    }

    #[test]
    fn header_is_found_in_any_case_and_the_first_wins() {
        let headers = vec![
            ("accept".to_owned(), b"a/b".to_vec()),
            ("accept".to_owned(), b"c/d".to_vec()),
            ("x-bytes".to_owned(), b"\xff".to_vec()),
        ];
        let http = HttpRequest { headers, ..HttpRequest::default() };
        assert_eq!(http.header("Accept"), Some("a/b"));
        assert_eq!(http.header("accepts"), None);
        assert_eq!(http.header("x-bytes"), None);
    }

    #[test]
    fn path_parameter_is_found_by_its_name() {
        let path_params = vec![("id".to_owned(), "a b".to_owned())];
        let http = HttpRequest { path_params, ..HttpRequest::default() };
        assert_eq!((http.path_param("id"), http.path_param("ID")), (Some("a b"), None));
    }
}
