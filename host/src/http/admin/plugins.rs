//! The plugins in the admin interface.

use crate::engine::Instances;
use crate::http::response;
use crate::name::PluginName;
use crate::plugin::{Deployment, PluginState};
use bytes::Bytes;
use hyper::Response;
use serde_json::{Value, json};

pub(super) fn list(deployment: &Deployment) -> Response<Bytes> {
    let plugins: Vec<Value> = deployment.list().iter().map(plugin).collect();
    response::json(&json!({ "plugins": plugins }))
}

fn plugin(state: &PluginState) -> Value {
    let fixed = json!({
        "name": state.name,
        "path": state.path.to_string_lossy(),
        "version": state.version.map(|version| version.to_string()),
        "state": state.stage.as_str(),
        "since": humantime::format_rfc3339_millis(state.since).to_string(),
        "reason": state.reason,
        "load_seconds": state.took.map(|took| took.as_secs_f64()),
        "services": state.services,
        "instances": match state.instances {
            Instances::Fresh => "fresh",
            Instances::Reuse { .. } => "reuse",
        },
    });
    let name = PluginName::new(&state.name).ok();
    let grants = state.grants.rows(name.as_ref()).into_iter();
    let grants = grants.map(|(grant, value)| (grant.to_owned(), json!(value)));
    let mut fields = fixed.as_object().cloned().unwrap_or_default();
    fields.extend(grants);
    Value::Object(fields)
}
