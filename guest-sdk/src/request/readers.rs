//! What a service reads of a request that came by HTTP: headers, cookies, parameters, forms.
//!
//! Nothing is parsed before a service asks for it.

use std::borrow::Cow;

use super::{Request, fields};
use crate::failure::{Failure, Result};
use crate::headers;

const FORM: &str = "application/x-www-form-urlencoded";

/// Without HTTP there are no headers, cookies and parameters.
impl Request {
    /// The header of that name, in any case: all its fields, joined by `, `, or by `; ` for
    /// `cookie`. `None` also when a field is not UTF-8; the bytes are in
    /// [`HttpRequest::headers`](super::HttpRequest::headers).
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        headers::joined(self.headers(), name)
    }

    /// The fields of the header of that name, one by one. A field that is not UTF-8 is left out.
    pub fn header_values(&self, name: &str) -> Vec<&str> {
        headers::values(self.headers(), name)
    }

    /// The client's IP address, without its port: `192.0.2.1`, or `2001:db8::1`. `None` when the
    /// request did not come by HTTP. Behind a proxy it is the address of the client only if the
    /// host's configuration names that proxy in `server.trusted-proxies`.
    pub fn client_address(&self) -> Option<&str> {
        let client = &self.http.as_ref()?.client;
        let address = match client.strip_prefix('[') {
            Some(bracketed) => bracketed.split(']').next()?,
            None => client.split(':').next()?,
        };
        (!address.is_empty()).then_some(address)
    }

    /// The cookie of that name, the first one where there are several: without blanks and double
    /// quotes around it, and not percent-decoded.
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

    /// The decoded value of the query parameter of that name, the first one where there are
    /// several. A parameter without `=` is empty.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        fields::values(self.query_bytes(), name).next()
    }

    /// The decoded values of the query parameters of that name.
    pub fn query_values(&self, name: &str) -> Vec<Cow<'_, str>> {
        fields::values(self.query_bytes(), name).collect()
    }

    /// The query parameter of that name as an integer: digits, after a `-` if it is negative.
    ///
    /// # Errors
    ///
    /// `BadRequest` when it is there and no integer, or none of an `i64`.
    pub fn query_integer(&self, name: &str) -> Result<Option<i64>> {
        self.query(name).map(|value| integer("query", name, &value)).transpose()
    }

    /// The decoded parameter of that name in the route's path, `id` of `/orders/{id}` for example.
    pub fn path_param(&self, name: &str) -> Option<&str> {
        let (_, value) = self.http.as_ref()?.path_params.iter().find(|(n, _)| n == name)?;
        Some(value)
    }

    /// The path parameter of that name as an integer: digits, after a `-` if it is negative.
    ///
    /// # Errors
    ///
    /// `BadRequest` when it is no integer, or none of an `i64`; `Internal` when the route has no
    /// such parameter.
    pub fn path_integer(&self, name: &str) -> Result<i64> {
        let value = self.path_param(name).ok_or_else(|| {
            Failure::internal(format!("the route has no path parameter {name:?}"))
        })?;
        integer("path", name, value)
    }

    /// The decoded field of that name of a form, the first one where there are several. The body is
    /// the form, also when the request did not come by HTTP.
    ///
    /// # Errors
    ///
    /// `BadRequest` when the content type is not `application/x-www-form-urlencoded`. An empty body
    /// without a content type is a form without fields.
    pub fn form(&self, name: &str) -> Result<Option<Cow<'_, str>>> {
        Ok(fields::values(self.form_bytes()?, name).next())
    }

    /// The decoded fields of that name of a form.
    ///
    /// # Errors
    ///
    /// As of [`form`](Request::form).
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
    // `str::parse` accepts a `+` as well, which a query parameter has for a blank.
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused("an integer"));
    }
    text.parse().map_err(|_| refused(&format!("from {} to {}", i64::MIN, i64::MAX)))
}
