//! The metrics of listeners: connections, requests, and failed authentication.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ListenerLabels {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    listener: &'static str,
    kind: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    listener: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CredentialLabels {
    listener: &'static str,
    credentials: &'static str,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// A service, called through `/services/<name>`.
    Service,
    /// A configured route.
    Route,
    /// A file of a configured folder.
    File,
    /// The list of services.
    List,
    /// The admin interface.
    Admin,
    /// An `OPTIONS` request to the host: a CORS preflight, or `OPTIONS *`.
    Options,
    /// A request whose head is invalid or unsupported. On the listener of the services, also a
    /// request whose path is unknown or malformed, or whose method the path does not allow.
    #[default]
    Nothing,
}

impl RequestKind {
    const NAMES: [&'static str; 7] =
        ["service", "route", "file", "list", "admin", "options", "nothing"];
}

/// The classes of statuses, by their first digit. Cancelled requests, which have no response, are
/// in their own class, `499`, apart from the errors in `4xx`.
const STATUSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "499"];

/// The metrics of all listeners.
pub(super) struct ListenerMetrics {
    requests: Family<RequestLabels, Counter>,
    accepted: Family<ListenerLabels, Counter>,
    open: Family<ListenerLabels, Gauge>,
    refused: Family<RefusalLabels, Counter>,
    unknown: Family<CredentialLabels, Counter>,
}

impl ListenerMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let http = ListenerMetrics {
            requests: Family::default(),
            accepted: Family::default(),
            open: Family::default(),
            refused: Family::default(),
            unknown: Family::default(),
        };
        let help = "Requests, by target and status class; 499 means no response";
        registry.register("http_requests", help, http.requests.clone());
        registry.register("http_connections", "Connections accepted", http.accepted.clone());
        registry.register("http_connections_open", "Connections open", http.open.clone());
        let help =
            "Connections that failed at the accept, in the PROXY header or in the TLS handshake";
        registry.register("http_connections_refused", help, http.refused.clone());
        let help = "Requests that failed authentication, by their credentials: missing, wrong, or \
                    unchecked because too many requests waited";
        registry.register("http_unauthorized", help, http.unknown.clone());
        http
    }

    pub(super) fn listener(&self, listener: &'static str) -> HttpMeter {
        let request = |kind, status| {
            let labels = RequestLabels { listener, kind, status };
            self.requests.get_or_create(&labels).clone()
        };
        let refused =
            |reason| self.refused.get_or_create(&RefusalLabels { listener, reason }).clone();
        let unknown = |credentials| {
            self.unknown.get_or_create(&CredentialLabels { listener, credentials }).clone()
        };
        HttpMeter {
            requests: RequestKind::NAMES.map(|kind| STATUSES.map(|status| request(kind, status))),
            accepted: self.accepted.get_or_create(&ListenerLabels { listener }).clone(),
            open: self.open.get_or_create(&ListenerLabels { listener }).clone(),
            refused: [refused("system"), refused("tls"), refused("proxy")],
            unknown: [unknown("missing"), unknown("wrong"), unknown("unchecked")],
        }
    }
}

/// The metrics of one listener. They are looked up once, because a look-up by name in every request
/// would take a lock.
pub(crate) struct HttpMeter {
    /// The counts of requests, by kind and then by class of status.
    requests: [[Counter; 6]; 7],
    accepted: Counter,
    open: Gauge,
    refused: [Counter; 3],
    unknown: [Counter; 3],
}

impl HttpMeter {
    /// Counts a request by the status of its response.
    pub(crate) fn answered(&self, kind: RequestKind, status: u16) {
        let class = usize::from(status / 100).saturating_sub(1).min(4);
        let of_kind = self.requests.get(kind as usize);
        if let Some(count) = of_kind.and_then(|classes| classes.get(class)) {
            count.inc();
        }
    }

    /// Counts a request that ended without a response.
    pub(crate) fn cancelled(&self, kind: RequestKind) {
        if let Some([.., cancelled]) = self.requests.get(kind as usize) {
            cancelled.inc();
        }
    }

    /// Counts an accepted connection, and counts it as open until the returned guard is dropped.
    pub(crate) fn accepted(&self) -> OpenConnection {
        self.accepted.inc();
        self.open.inc();
        OpenConnection(self.open.clone())
    }

    /// Counts a system error that prevented the server from accepting a connection.
    pub(crate) fn refused_by_system(&self) {
        let [system, ..] = &self.refused;
        system.inc();
    }

    /// Counts a connection whose TLS handshake failed.
    pub(crate) fn refused_by_tls(&self) {
        let [_, tls, _] = &self.refused;
        tls.inc();
    }

    /// Counts a connection that is not from a trusted proxy, or whose PROXY header is missing or
    /// invalid. A trusted proxy's connection that ends before its first byte, or that times out
    /// before its header is complete, does not count.
    pub(crate) fn refused_by_proxy_header(&self) {
        let [_, _, proxy] = &self.refused;
        proxy.inc();
    }

    /// Counts a request that failed authentication. Requests with and without credentials are
    /// counted separately.
    pub(crate) fn unauthorized(&self, has_credentials: bool) {
        let [missing, wrong, _] = &self.unknown;
        if has_credentials {
            wrong.inc()
        } else {
            missing.inc()
        };
    }

    /// Counts a request whose credentials were not checked. The response to such a request is
    /// `too-many-requests` or `busy`.
    pub(crate) fn unchecked(&self) {
        let [.., unchecked] = &self.unknown;
        unchecked.inc();
    }
}

/// Counts a connection as open until this guard is dropped.
pub(crate) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
