//! The scenarios as written in the files, and the requests for their steps.

use super::hosts::Situation;
use crate::support::project;
use hostel::{HttpRequest, Request, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub(super) struct Scenario {
    pub(super) name: String,
    #[serde(default)]
    pub(super) host: Situation,
    pub(super) steps: Vec<Step>,
}

/// A request to a plugin, or an action of the test itself (`advance`, `host-set`), with the
/// expected result.
#[derive(Clone, Deserialize)]
pub(super) struct Step {
    pub(super) op: String,
    /// The HTTP part of the request, to which [`request`](Self::request) adds the step as a header.
    http: Option<Http>,
    #[serde(flatten)]
    members: BTreeMap<String, Value>,
    #[serde(flatten)]
    pub(super) expected: Expected,
    /// The expected results of languages whose result differs.
    #[serde(default)]
    pub(super) except: BTreeMap<String, Expected>,
    /// True if a language may lack the feature that this step tests.
    #[serde(default)]
    pub(super) may_skip: bool,
}

#[derive(Clone, Default, Deserialize)]
pub(super) struct Expected {
    #[serde(default, deserialize_with = "there")]
    pub(super) ok: Option<Value>,
    pub(super) error: Option<String>,
    /// A part of the error's message.
    pub(super) message: Option<String>,
    /// The expected response, for a step that does not compare a result in the body.
    pub(super) response: Option<ExpectedResponse>,
    pub(super) failure: Option<(String, String)>,
    pub(super) logged: Option<(String, String)>,
    /// True if the SDK must log a warning.
    #[serde(default)]
    pub(super) warned: bool,
    #[serde(default)]
    pub(super) distinct: bool,
}

/// The members of a response that are compared.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ExpectedResponse {
    status: Option<u16>,
    content_type: Option<String>,
    headers: Option<Vec<(String, String)>>,
    /// A text, or the compared members of a JSON object.
    body: Option<Value>,
}

/// The HTTP part of a request, with the content type and the body.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Http {
    method: String,
    path: String,
    path_params: Vec<(String, String)>,
    query: String,
    headers: Vec<(String, String)>,
    content_type: Option<String>,
    body: String,
}

impl Default for Http {
    fn default() -> Self {
        Http {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            path_params: Vec::new(),
            query: String::new(),
            headers: Vec::new(),
            content_type: None,
            body: String::new(),
        }
    }
}

impl Step {
    /// Returns a member of the step, or null if the member is missing.
    pub(super) fn member(&self, name: &str) -> &Value {
        self.members.get(name).unwrap_or(&Value::Null)
    }

    pub(super) fn is_by_http(&self) -> bool {
        self.http.is_some()
    }

    /// Returns the request for the step. If the step has an HTTP part, a header contains the step,
    /// and the body comes from the HTTP part.
    pub(super) fn request(&self) -> Request {
        let (id, step) = ("1".to_owned(), self.sent().to_string().into_bytes());
        let Some(http) = self.http.clone() else {
            return Request { id, body: step, ..Request::default() };
        };
        let Http { method, path, path_params, query, headers, content_type, body } = http;
        let headers = headers.into_iter().map(|(name, value)| (name, value.into_bytes()));
        let http = HttpRequest {
            method,
            path,
            path_params,
            query,
            headers: headers.chain([("x-step".to_owned(), step)]).collect(),
            ..HttpRequest::default()
        };
        Request { id, content_type, body: body.into_bytes(), http: Some(http) }
    }

    /// Returns the step as sent to the plugin, without the expected result. A step with `bytes`
    /// sets a text of that size.
    fn sent(&self) -> Value {
        let mut sent = json!({ "op": self.op });
        for name in ["key", "value", "expiry", "what", "args"] {
            if let Some(value) = self.members.get(name) {
                sent[name] = value.clone();
            }
        }
        if let Some(bytes) = self.member("bytes").as_u64() {
            sent["op"] = json!("set");
            sent["value"] = json!("x".repeat(bytes as usize - 2));
        }
        sent
    }
}

impl ExpectedResponse {
    /// Checks that a response has the expected members.
    pub(super) fn check(&self, response: &Response) -> Result<(), String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = response.headers.iter();
        let headers: Vec<_> = headers.map(|(name, value)| (name.clone(), text(value))).collect();
        let body = match &self.body {
            Some(Value::Object(wanted)) => {
                let body: Value = serde_json::from_slice(&response.body)
                    .map_err(|error| format!("the body {:?}: {error}", text(&response.body)))?;
                let members = wanted.keys().map(|name| (name.clone(), body[name].clone()));
                Value::Object(members.collect())
            }
            _ => text(&response.body).into(),
        };
        let is_wanted = self.status.is_none_or(|wanted| wanted == response.status)
            && (self.content_type.is_none() || self.content_type == response.content_type)
            && self.headers.as_ref().is_none_or(|wanted| *wanted == headers)
            && self.body.as_ref().is_none_or(|wanted| *wanted == body);
        let Response { status, content_type, .. } = response;
        match is_wanted {
            true => Ok(()),
            false => Err(format!("got {status}, {content_type:?}, {headers:?}, {body}")),
        }
    }
}

/// Deserializes a present value as `Some`, even null.
fn there<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

/// Returns all scenarios, from two files. Every SDK also passes the scenarios in `scenarios.json`
/// with its fake. The scenarios in `refusals.json` need a real host.
pub(super) fn scenarios() -> Vec<Scenario> {
    let read = |name: &str| -> Vec<Scenario> {
        let file = project().join("guest-sdk/conformance").join(name);
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
    };
    [read("scenarios.json"), read("refusals.json")].into_iter().flatten().collect()
}
