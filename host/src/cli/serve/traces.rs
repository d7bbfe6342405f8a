//! Starts the tracer as set in the configuration or in OpenTelemetry's environment variables.

use crate::config;
use crate::telemetry::{LogSink, TraceError, TraceSettings, Tracer};

/// The path at which a collector accepts traces over HTTP.
const PATH: &str = "/v1/traces";

/// Starts the tracer if a collector is configured.
///
/// # Errors
///
/// If the collector's address or a header is malformed, or TLS cannot be set up.
pub(super) fn start(config: &config::Traces, log: &LogSink) -> Result<Option<Tracer>, TraceError> {
    let settings = settings(config, &|name| std::env::var(name).ok());
    settings.map(|settings| Tracer::start(settings, log.clone())).transpose()
}

/// Returns the settings, or `None` without a collector. The configuration takes precedence over the
/// environment.
fn settings(
    config: &config::Traces,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<TraceSettings> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let below = |base: String| match base.strip_suffix('/').unwrap_or(&base) {
        base if base.ends_with(PATH) => base.to_owned(),
        base => format!("{base}{PATH}"),
    };
    let of_all = || variable("OTEL_EXPORTER_OTLP_ENDPOINT").map(below);
    let of_traces = || variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(of_all);
    let headers = variable("OTEL_EXPORTER_OTLP_TRACES_HEADERS")
        .or_else(|| variable("OTEL_EXPORTER_OTLP_HEADERS"))
        .unwrap_or_default();
    let header = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.trim().to_owned(), value.trim().to_owned())
    };
    Some(TraceSettings {
        url: config.endpoint.clone().map(below).or_else(of_traces)?,
        headers: headers.split(',').filter(|pair| !pair.is_empty()).map(header).collect(),
        service_name: variable("OTEL_SERVICE_NAME").unwrap_or_else(|| "hostel".to_owned()),
        ratio: config.ratio,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(endpoint: Option<&str>, variables: &[(&str, &str)], expected: Option<&str>) {
        let config = config::Traces { endpoint: endpoint.map(str::to_owned), ratio: 1.0 };
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let url = settings(&config, &variable).map(|settings| settings.url);
        assert_eq!(url.as_deref(), expected);
    }

    #[test]
    fn a_collector_is_named_by_the_file_or_else_by_the_environment() {
        let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://b:4318");
        let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/spans");
        check(None, &[], None);
        check(None, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")], None);
        check(Some("http://a:4318"), &[all], Some("http://a:4318/v1/traces"));
        check(Some("http://a:4318/v1/traces/"), &[], Some("http://a:4318/v1/traces"));
        check(None, &[all], Some("http://b:4318/v1/traces"));
        check(None, &[all, traces], Some("http://c/spans"));
    }

    #[test]
    fn headers_and_the_name_come_from_the_environment() {
        let config = config::Traces { endpoint: Some("http://a".to_owned()), ratio: 0.5 };
        let variable = |name: &str| match name {
            "OTEL_EXPORTER_OTLP_HEADERS" => Some("api-key=a=b, x-team = one".to_owned()),
            "OTEL_SERVICE_NAME" => Some("shop".to_owned()),
            _ => None,
        };
        let settings = settings(&config, &variable).unwrap();
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(settings.headers, [header("api-key", "a=b"), header("x-team", "one")]);
        assert_eq!((&*settings.service_name, settings.ratio), ("shop", 0.5));
    }
}
