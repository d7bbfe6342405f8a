//! The query of a request.

use crate::http::path::decode;
use crate::http::problem::Problem;
use std::borrow::Cow;

/// The parameters of a query, decoded.
pub(super) struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    /// Parses and decodes a query.
    ///
    /// # Errors
    ///
    /// When a percent escape is malformed, or a decoded name or value is not UTF-8.
    pub(super) fn parse(query: Option<&'a str>) -> Result<Self, Problem> {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        let pairs: Option<_> = decoded.collect();
        pairs.map(Query).ok_or_else(|| Problem::bad_request("the query has an invalid escape"))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| &**value)
    }

    /// Returns the name of the first parameter, or `None` if the query has no parameter.
    pub(super) fn first_name(&self) -> Option<&str> {
        self.0.first().map(|(name, _)| &**name)
    }

    /// Returns the first parameter of this name as an integer, or `None` if it is missing.
    ///
    /// # Errors
    ///
    /// When the parameter is not an integer, or is out of range.
    pub(super) fn integer(&self, name: &'static str) -> Result<Option<i64>, Problem> {
        let invalid = |_| Problem::refused(format!("`{name}` must be an integer"));
        self.text(name).map(|text| text.parse().map_err(invalid)).transpose()
    }

    /// Returns the first parameter of this name as a whole number, or `None` if it is missing.
    ///
    /// # Errors
    ///
    /// When the parameter is not a whole number, or is too large.
    pub(super) fn number(&self, name: &'static str) -> Result<Option<u32>, Problem> {
        let invalid =
            |_| Problem::refused(format!("`{name}` must be a whole number up to {}", u32::MAX));
        self.text(name).map(|text| text.parse().map_err(invalid)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded() {
        let query = Query::parse(Some("prefix=user%3A/a&after=&limit=7&expiry=x")).ok().unwrap();
        assert_eq!((query.text("prefix"), query.text("after")), (Some("user:/a"), Some("")));
        assert_eq!(query.text("other"), None);
        assert!(matches!(query.number("limit"), Ok(Some(7))));
        assert!(matches!(query.number("other"), Ok(None)));
        assert_eq!(query.first_name(), Some("prefix"));
        assert_eq!(Query::parse(Some("&")).ok().unwrap().first_name(), None);
        assert!(query.number("expiry").is_err() && Query::parse(Some("a=%f")).is_err());
    }

    #[test]
    fn an_integer_may_be_negative() {
        let query = Query::parse(Some("by=-3&half=1.5&empty=")).ok().unwrap();
        assert!(matches!(query.integer("by"), Ok(Some(-3))));
        assert!(matches!(query.integer("other"), Ok(None)));
        assert!(query.integer("half").is_err() && query.integer("empty").is_err());
    }
}
