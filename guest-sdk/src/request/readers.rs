//! Accessors for the headers, cookies, parameters, form and client address of a request.
//!
//! Each accessor parses on demand, so the parts that a service ignores are not parsed.

use std::borrow::Cow;

use super::{Request, fields};
use crate::failure::{Failure, Result};
use crate::headers;

const FORM: &str = "application/x-www-form-urlencoded";

/// Accessors for the parts of a request. A call that is not made over HTTP has no headers, cookies
/// or parameters.
impl Request {
    /// Returns the header of that name. Names are case-insensitive. Several fields are joined with
    /// `, `, or with `; ` for `cookie`. Returns `None` if the header is missing or a field is not
    /// UTF-8; [`HttpRequest::headers`](super::HttpRequest::headers) has the bytes.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        headers::joined(self.headers(), name)
    }

    /// Returns the value of each header field of that name. Omits values that are not UTF-8.
    pub fn header_values(&self, name: &str) -> Vec<&str> {
        headers::values(self.headers(), name)
    }

    /// Returns the client's IP address without the port, for example `192.0.2.1` or `2001:db8::1`.
    /// Returns `None` if the call is not made over HTTP, or if a test sets no client. Behind a
    /// proxy, this method returns the proxy's address, unless the host's configuration lists the
    /// proxy in `server.trusted-proxies`.
    pub fn client_address(&self) -> Option<&str> {
        let client = &self.http.as_ref()?.client;
        let address = match client.strip_prefix('[') {
            Some(bracketed) => bracketed.split(']').next()?,
            None => client.split(':').next()?,
        };
        (!address.is_empty()).then_some(address)
    }

    /// Returns the value of the first cookie of that name, without surrounding blanks and double
    /// quotes. The value is not percent-decoded. Returns `None` if the cookie is missing, or if its
    /// `cookie` header or an earlier one is not UTF-8.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        const BLANKS: [char; 2] = [' ', '\t'];
        for field in headers::fields(self.headers(), "cookie") {
            let pairs = std::str::from_utf8(field).ok()?.split(';');
            let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
            if let Some((_, value)) = pairs.find(|(found, _)| found.trim_matches(BLANKS) == name) {
                let value = value.trim_matches(BLANKS);
                let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                return Some(quoted.unwrap_or(value));
            }
        }
        None
    }

    /// Returns the decoded value of the first query parameter of that name, or `None` if the
    /// parameter is missing. The value of a parameter without `=` is empty.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        fields::values(self.query_bytes(), name).next()
    }

    /// Returns the decoded values of all query parameters of that name.
    pub fn query_values(&self, name: &str) -> Vec<Cow<'_, str>> {
        fields::values(self.query_bytes(), name).collect()
    }

    /// Returns the first query parameter of that name as an integer: digits, optionally after a
    /// `-`. Returns `None` if the parameter is missing.
    ///
    /// # Errors
    ///
    /// `BadRequest` if the parameter is present but is not an integer or does not fit an `i64`.
    pub fn query_integer(&self, name: &str) -> Result<Option<i64>> {
        self.query(name).map(|value| integer("query", name, &value)).transpose()
    }

    /// Returns the decoded path parameter of that name, for example `id` of the route
    /// `/orders/{id}`. Returns `None` if the route has no such parameter.
    pub fn path_param(&self, name: &str) -> Option<&str> {
        let (_, value) = self.http.as_ref()?.path_params.iter().find(|(n, _)| n == name)?;
        Some(value)
    }

    /// Returns the path parameter of that name as an integer: digits, optionally after a `-`.
    ///
    /// # Errors
    ///
    /// `BadRequest` if the parameter is not an integer or does not fit an `i64`; `Internal` if the
    /// route has no such parameter.
    pub fn path_integer(&self, name: &str) -> Result<i64> {
        let value = self.path_param(name).ok_or_else(|| {
            Failure::internal(format!("the route has no path parameter {name:?}"))
        })?;
        integer("path", name, value)
    }

    /// Returns the decoded value of the first form field of that name, or `None` if the field is
    /// missing. The form is the request's body; the call need not be made over HTTP.
    ///
    /// # Errors
    ///
    /// `BadRequest` if the content type is missing or not `application/x-www-form-urlencoded`. But
    /// an empty body without a content type is an empty form.
    pub fn form(&self, name: &str) -> Result<Option<Cow<'_, str>>> {
        Ok(fields::values(self.form_bytes()?, name).next())
    }

    /// Returns the decoded values of all form fields of that name.
    ///
    /// # Errors
    ///
    /// Those of [`form`](Request::form).
    pub fn form_values(&self, name: &str) -> Result<Vec<Cow<'_, str>>> {
        Ok(fields::values(self.form_bytes()?, name).collect())
    }

    fn headers(&self) -> &[(String, Vec<u8>)] {
        self.http.as_ref().map_or(&[], |http| &http.headers)
    }

    fn query_bytes(&self) -> &[u8] {
        self.http.as_ref().map_or(&[], |http| http.query.as_bytes())
    }

    fn form_bytes(&self) -> Result<&[u8]> {
        let is_form = match &self.content_type {
            Some(content_type) => {
                let media_type = content_type.split(';').next().unwrap_or_default();
                media_type.trim().eq_ignore_ascii_case(FORM)
            }
            None => self.body.is_empty(),
        };
        if is_form {
            return Ok(&self.body);
        }
        let message = format!("the request body: it must be a form, of the content type {FORM}");
        Err(Failure::bad_request(message))
    }
}

fn integer(place: &str, name: &str, text: &str) -> Result<i64> {
    let refused = |rule: &str| {
        let message = format!("the {place} parameter {name:?} is {text:?}: it must be {rule}");
        Failure::bad_request(message)
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    // Do not rely on `str::parse` alone: it accepts a leading `+`, which the other SDKs refuse.
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused("an integer"));
    }
    text.parse().map_err(|_| refused(&format!("from {} to {}", i64::MIN, i64::MAX)))
}
