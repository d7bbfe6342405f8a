//! What is counted of listeners: connections, requests, and callers who are not let in.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Listener {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    listener: &'static str,
    kind: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refusal {
    listener: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Credentials {
    listener: &'static str,
    credentials: &'static str,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// `/services/<name>`.
    Service,
    /// A configured route.
    Route,
    /// The list of services.
    List,
    /// Whoever runs the server.
    Admin,
    /// Nothing that is here, or it is malformed.
    #[default]
    Nothing,
}

impl RequestKind {
    const NAMES: [&'static str; 5] = ["service", "route", "list", "admin", "nothing"];
}

/// The classes of statuses, by their first digit.
const STATUSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The counts of all listeners.
pub(super) struct Http {
    requests: Family<Request, Counter>,
    accepted: Family<Listener, Counter>,
    open: Family<Listener, Gauge>,
    refused: Family<Refusal, Counter>,
    unknown: Family<Credentials, Counter>,
}

impl Http {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let http = Http {
            requests: Family::default(),
            accepted: Family::default(),
            open: Family::default(),
            refused: Family::default(),
            unknown: Family::default(),
        };
        let help = "Requests by what they are for and the class of the answer's status";
        registry.register("http_requests", help, http.requests.clone());
        registry.register("http_connections", "Connections taken on", http.accepted.clone());
        registry.register("http_connections_open", "Connections open", http.open.clone());
        let help = "Connections that the system or the start of TLS did not let begin";
        registry.register("http_connections_refused", help, http.refused.clone());
        let help = "Requests without the credentials that they need, by what they have instead";
        registry.register("http_unauthorized", help, http.unknown.clone());
        http
    }

    pub(super) fn listener(&self, listener: &'static str) -> HttpMeter {
        let request = |kind, status| {
            let label = Request { listener, kind, status };
            self.requests.get_or_create(&label).clone()
        };
        let refused = |reason| self.refused.get_or_create(&Refusal { listener, reason }).clone();
        let unknown = |credentials| {
            self.unknown.get_or_create(&Credentials { listener, credentials }).clone()
        };
        HttpMeter {
            requests: RequestKind::NAMES.map(|kind| STATUSES.map(|status| request(kind, status))),
            accepted: self.accepted.get_or_create(&Listener { listener }).clone(),
            open: self.open.get_or_create(&Listener { listener }).clone(),
            refused: [refused("system"), refused("tls")],
            unknown: [unknown("missing"), unknown("wrong")],
        }
    }
}

/// What is counted of one listener: found once, and not by name each time.
pub(crate) struct HttpMeter {
    /// By kind, then by class of status.
    requests: [[Counter; 5]; 5],
    accepted: Counter,
    open: Gauge,
    refused: [Counter; 2],
    unknown: [Counter; 2],
}

impl HttpMeter {
    /// Counts a request that is answered with this status.
    pub(crate) fn answered(&self, kind: RequestKind, status: u16) {
        let class = usize::from(status / 100).saturating_sub(1);
        let of_kind = self.requests.get(kind as usize);
        if let Some(count) = of_kind.and_then(|classes| classes.get(class)) {
            count.inc();
        }
    }

    /// Counts a connection that was taken on, and as open until the answer is dropped.
    pub(crate) fn taken_on(&self) -> Open {
        self.accepted.inc();
        self.open.inc();
        Open(self.open.clone())
    }

    /// Counts that the system did not let a connection begin.
    pub(crate) fn refused_by_the_system(&self) {
        let [system, _] = &self.refused;
        system.inc();
    }

    /// Counts a connection whose TLS did not begin.
    pub(crate) fn without_tls(&self) {
        let [_, tls] = &self.refused;
        tls.inc();
    }

    /// Counts a request whose caller is not known; whether it has tried to say who it is.
    pub(crate) fn unauthorized(&self, has_tried: bool) {
        let [missing, wrong] = &self.unknown;
        if has_tried {
            wrong.inc()
        } else {
            missing.inc()
        };
    }
}

/// A connection that is open.
pub(crate) struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}
