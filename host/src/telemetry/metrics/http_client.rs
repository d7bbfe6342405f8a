//! The metrics of requests that plugins send to other servers.

use super::histogram::Histogram;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Upper bounds of the durations in seconds, as OpenTelemetry recommends for
/// `http.client.request.duration`.
const REQUEST_SECONDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Methods that have their own label value. All other methods share one value, because a guest may
/// send any method.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Labels like the attributes of OpenTelemetry's `http.client.request.duration`. The server is
/// omitted, because a plugin may use any number of servers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SentLabels {
    plugin: String,
    http_request_method: &'static str,
    /// The class of the response's status, such as `2xx`; empty without a response.
    http_response_status_class: &'static str,
    error_type: &'static str,
}

/// The durations of the requests of all plugins. Clones share the counts.
#[derive(Clone, Debug)]
pub(crate) struct HttpClientMetrics(Family<SentLabels, Histogram, fn() -> Histogram>);

/// The durations of the requests of one plugin.
#[derive(Clone, Debug)]
pub(crate) struct HttpClientMeter {
    plugin: String,
    metrics: HttpClientMetrics,
}

impl HttpClientMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(&REQUEST_SECONDS);
        let seconds = Family::new_with_constructor(histogram);
        let help = "Time of requests to other servers, including the response";
        let name = "http_client_request_duration";
        registry.register_with_unit(name, help, Unit::Seconds, Family::clone(&seconds));
        HttpClientMetrics(seconds)
    }

    pub(crate) fn plugin(&self, plugin: &str) -> HttpClientMeter {
        HttpClientMeter { plugin: plugin.to_owned(), metrics: self.clone() }
    }
}

impl HttpClientMeter {
    /// Records a request with a response.
    pub(crate) fn answered(&self, method: &str, status: u16, time: Duration) {
        let class = match status / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            5 => "5xx",
            _ => "other",
        };
        self.observe(method, class, "", time);
    }

    /// Records a request without a response, with the kind of its error.
    pub(crate) fn failed(&self, method: &str, error_type: &'static str, time: Duration) {
        self.observe(method, "", error_type, time);
    }

    /// Records a duration. Looks up the histogram each time, because a request takes far longer
    /// than the look-up.
    fn observe(
        &self,
        method: &str,
        status_class: &'static str,
        error_type: &'static str,
        time: Duration,
    ) {
        let known = METHODS.into_iter().find(|known| *known == method);
        let labels = SentLabels {
            plugin: self.plugin.clone(),
            http_request_method: known.unwrap_or("_OTHER"),
            http_response_status_class: status_class,
            error_type,
        };
        self.metrics.0.get_or_create(&labels).observe(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::text::encode_registry;

    #[test]
    fn requests_are_timed_by_plugin_method_and_class_of_status_or_error() {
        let mut registry = Registry::default();
        let meter = HttpClientMetrics::new(&mut registry).plugin("rates");
        meter.answered("GET", 200, Duration::from_millis(20));
        meter.answered("GET", 204, Duration::from_millis(20));
        meter.answered("BREW", 418, Duration::from_millis(20));
        meter.failed("POST", "timeout", Duration::from_millis(20));
        let mut text = String::new();
        encode_registry(&mut text, &registry).unwrap();
        for (method, class, error, count) in
            [("GET", "2xx", "", 2), ("_OTHER", "4xx", "", 1), ("POST", "", "timeout", 1)]
        {
            let line = format!(
                "http_client_request_duration_seconds_count{{plugin=\"rates\",\
                 http_request_method=\"{method}\",http_response_status_class=\"{class}\",\
                 error_type=\"{error}\"}} {count}"
            );
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
