//! The scenarios as they are written, and the requests that their steps are sent as.

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

/// One request to a plugin, or something the test does beside it (`advance`, `host-set`), with
/// what has to come of it.
#[derive(Clone, Deserialize)]
pub(super) struct Step {
    pub(super) op: String,
    /// What comes by HTTP, beside the step itself.
    http: Option<Http>,
    #[serde(flatten)]
    members: BTreeMap<String, Value>,
    #[serde(flatten)]
    pub(super) expected: Expected,
    /// Languages of which something else is expected.
    #[serde(default)]
    pub(super) except: BTreeMap<String, Expected>,
    /// Whether a language may have no such thing.
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
    /// The response itself, where the plugin returns no result.
    pub(super) response: Option<ExpectedResponse>,
    pub(super) failure: Option<(String, String)>,
    pub(super) logged: Option<(String, String)>,
    /// Whether a warning is logged, in the SDK's own words.
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
    /// A text, or those members of a JSON object that are compared.
    body: Option<Value>,
}

/// What a request by HTTP has.
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
    /// A member of what the test does beside the plugin; null when there is none.
    pub(super) fn member(&self, name: &str) -> &Value {
        self.members.get(name).unwrap_or(&Value::Null)
    }

    pub(super) fn is_by_http(&self) -> bool {
        self.http.is_some()
    }

    /// The request of the step. By HTTP the body is its own, and a header has the step.
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

    /// What the plugin has to know of the step, and nothing of what is expected.
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
    /// Compares the members that are expected.
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

/// Reads a value that is there, also when it is null.
fn there<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

/// Those that every SDK passes on its fake as well, and those of hosts that a fake cannot be.
pub(super) fn scenarios() -> Vec<Scenario> {
    let read = |name: &str| -> Vec<Scenario> {
        let file = project().join("guest-sdk/conformance").join(name);
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
    };
    [read("scenarios.json"), read("refusals.json")].into_iter().flatten().collect()
}
