//! From a request to a response: who answers, who calls, the body, the call, the answer.

use super::admin::Admin;
use super::auth::groups::{Groups, Unknown};
use super::auth::throttle::Failures;
use super::body_budget::Bodies;
use super::error::HttpError;
use super::log::Log;
use super::problem::Problem;
use super::request::{self, Ids};
use super::response::Reply;
use super::router::{Found, Router};
use super::server::body::Answer;
use super::server::timers::{Turn, Watch};
use super::settings::HttpSettings;
use super::span;
use crate::config::{Callers, Server};
use crate::hostcalls::handler::Request;
use crate::plugin::{Host, PluginName};
use crate::telemetry::{AccessLine, AccessSink, HttpMeter, RequestKind, RequestSpan, Tracer};
use hyper::StatusCode;
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;
use tokio::time::{Instant, sleep_until};

/// What all connections share.
pub(super) struct Front {
    host: Arc<Host>,
    server: Server,
    site: Site,
    groups: Groups,
    failures: Failures,
    ids: Ids,
    log: Log,
    access: Option<AccessSink>,
    meter: HttpMeter,
    bodies: Bodies,
    tracer: Option<Tracer>,
    is_stopping: AtomicBool,
}

/// What a listener is for.
enum Site {
    /// Services, and who may call those of a plugin where the server does not say it.
    Services { router: Router, plugins: HashMap<String, Callers> },
    /// Whoever runs the server.
    Admin(Admin),
}

/// One connection's client.
pub(super) struct Peer {
    front: Arc<Front>,
    client: IpAddr,
    /// The client's address and port, as guests are told it.
    address: String,
    pub(super) watch: Arc<Watch>,
}

impl Front {
    /// # Errors
    ///
    /// When a group of callers is named that is not there.
    pub(super) fn new(host: Arc<Host>, settings: HttpSettings) -> Result<Self, HttpError> {
        let HttpSettings { server, routes, plugins, .. } = &settings;
        let groups = Groups::new(&settings.groups);
        groups.check("the server", &server.callers)?;
        for route in routes {
            let callers = route.callers.as_ref().unwrap_or(&Callers::Open);
            groups.check(&format!("the route {}", route.path), callers)?;
        }
        for (plugin, callers) in plugins {
            groups.check(&format!("the plugin {plugin}"), callers)?;
        }
        let by_name =
            |(name, callers): (&PluginName, &Callers)| (name.to_string(), callers.clone());
        let plugins = plugins.iter().map(by_name).collect();
        let site = Site::Services { router: Router::new(routes), plugins };
        Ok(Front::of(host, groups, site, settings))
    }

    /// A front for whoever runs the server, with the group of callers that `server` names.
    pub(super) fn admin(host: Arc<Host>, admin: Admin, settings: HttpSettings) -> Self {
        Front::of(host, Groups::new(&settings.groups), Site::Admin(admin), settings)
    }

    fn of(host: Arc<Host>, groups: Groups, site: Site, settings: HttpSettings) -> Self {
        let HttpSettings { server, log, access, tracer, .. } = settings;
        let listener = match site {
            Site::Services { .. } => "services",
            Site::Admin(_) => "admin",
        };
        Front {
            meter: host.counts().listener(listener),
            bodies: Bodies::new(server.bodies),
            host,
            server,
            site,
            groups,
            failures: Failures::default(),
            ids: Ids::default(),
            log: Log::new(log),
            access,
            tracer,
            is_stopping: AtomicBool::new(false),
        }
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// From now on each answer is its connection's last.
    pub(super) fn stops(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    pub(super) fn meter(&self) -> &HttpMeter {
        &self.meter
    }

    /// Who may call a service.
    fn callers<'a>(&'a self, plugins: &'a HashMap<String, Callers>, service: &str) -> &'a Callers {
        let plugin = service.split_once('.').map_or(service, |(plugin, _)| plugin);
        plugins.get(plugin).unwrap_or(&self.server.callers)
    }

    /// All services as JSON.
    fn list(&self) -> Reply {
        let plugins = self.host.plugins();
        let services = plugins.iter().flat_map(|plugin| {
            plugin.services.iter().map(|service| {
                serde_json::json!({
                    "name": format!("{}.{}", plugin.name, service.name),
                    "description": service.description,
                })
            })
        });
        let list = serde_json::json!({ "services": services.collect::<Vec<_>>() });
        Reply::json(StatusCode::OK, "application/json", list.to_string().into_bytes())
    }
}

/// What is counted and logged of a request besides its answer.
struct Seen {
    kind: RequestKind,
    /// What follows is noted where an access line is written: when the request came, which service
    /// it called and who did.
    begun: Option<Instant>,
    service: String,
    caller: String,
}

impl Seen {
    fn begin(front: &Front) -> Self {
        let begun = front.access.as_ref().map(|_| Instant::now());
        Seen { kind: RequestKind::default(), begun, service: String::new(), caller: String::new() }
    }

    fn note(&mut self, target: &Target<'_>) {
        if self.begun.is_some() {
            target.service.clone_into(&mut self.service);
            target.caller.unwrap_or_default().clone_into(&mut self.caller);
        }
    }
}

/// Where a request goes, once it is known who answers.
struct Target<'a> {
    service: &'a str,
    path_params: Vec<(String, String)>,
    caller: Option<&'a str>,
    span: Option<&'a mut RequestSpan>,
}

impl Peer {
    pub(super) fn new(front: Arc<Front>, client: SocketAddr, watch: Arc<Watch>) -> Arc<Self> {
        let (client, address) = (client.ip(), client.to_string());
        Arc::new(Peer { front, client, address, watch })
    }

    /// Answers one request, whatever it is. Dropping the future stops the guest.
    pub(super) async fn answer(
        &self,
        request: hyper::Request<Incoming>,
    ) -> hyper::Response<Answer> {
        let turn = Turn::begin(&self.watch);
        let (head, mut body) = request.into_parts();
        let (id, id_header) = self.front.ids.of(&head.headers);
        let tracer = self.front.tracer.as_ref();
        let is_tls = self.front.server.tls.is_some();
        let mut span =
            tracer.and_then(|tracer| span::begin(tracer, &head, &id, self.client, is_tls));
        let mut seen = Seen::begin(&self.front);
        let reply = match self.reply(&head, &mut body, &id, &mut seen, span.as_mut()).await {
            Ok(reply) => reply,
            Err(problem) => Reply::problem(problem, &id),
        };
        if !body.is_end_stream() {
            self.watch.leaves_unread();
        }
        let Reply { status, headers, body } = reply.finish(&head.method, id_header);
        self.front.meter.answered(seen.kind, status.as_u16());
        self.write_access(&seen, &head, &id, (status, body.len()));
        if let Some(mut span) = span {
            span.status(status.as_u16());
        }
        let mut response = hyper::Response::new(Answer::new(body, turn));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        if self.front.is_stopping.load(Ordering::Relaxed) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn write_access(&self, seen: &Seen, head: &Parts, id: &str, answer: (StatusCode, usize)) {
        let (Some(write), Some(begun)) = (&self.front.access, seen.begun) else { return };
        let (status, bytes) = answer;
        write(&AccessLine {
            time: SystemTime::now(),
            request_id: id,
            method: head.method.as_str(),
            path: head.uri.path(),
            status: status.as_u16(),
            bytes,
            took: begun.elapsed(),
            client: &self.address,
            caller: &seen.caller,
            service: &seen.service,
        });
    }

    /// Nothing of the body is read before the request is known to be taken, so that a client that
    /// asks by `Expect: 100-continue` is spared sending it.
    async fn reply(
        &self,
        head: &Parts,
        body: &mut Incoming,
        id: &str,
        seen: &mut Seen,
        mut span: Option<&mut RequestSpan>,
    ) -> Result<Reply, Problem> {
        let front = &self.front;
        if let Some(problem) = request::fault(head, front.server.headers) {
            return Err(problem);
        }
        let (router, plugins) = match &front.site {
            Site::Services { router, plugins } => (router, plugins),
            Site::Admin(admin) => {
                seen.kind = RequestKind::Admin;
                return self.operate(admin, head, body).await;
            }
        };
        let found = router.find(&head.method, head.uri.path());
        seen.kind = found.kind();
        match found {
            Found::List => {
                note_route(&mut span, "/services");
                self.caller(&front.server.callers, head).await?;
                Ok(front.list())
            }
            Found::Service(service) => {
                note_route(&mut span, "/services/{service}");
                let caller = self.caller(front.callers(plugins, &service), head).await?;
                let target = Target { service: &service, path_params: Vec::new(), caller, span };
                seen.note(&target);
                self.call(head, body, id, target).await
            }
            Found::Route(endpoint, path_params) => {
                note_route(&mut span, &endpoint.path);
                let service = &endpoint.service;
                let of_plugin = || front.callers(plugins, service);
                let callers = endpoint.callers.as_ref().unwrap_or_else(of_plugin);
                let caller = self.caller(callers, head).await?;
                let target = Target { service, path_params, caller, span };
                seen.note(&target);
                self.call(head, body, id, target).await
            }
            Found::Nothing => Err(Problem::not_found()),
            Found::Methods(allow) => Err(Problem::method_not_allowed(&allow)),
            Found::Malformed => Err(Problem::bad_request("the path cannot be decoded")),
        }
    }

    /// Answers whoever runs the server; what only tells that it runs, it tells everybody.
    async fn operate(
        &self,
        admin: &Admin,
        head: &Parts,
        body: &mut Incoming,
    ) -> Result<Reply, Problem> {
        let Front { host, server, .. } = &*self.front;
        let path = head.uri.path();
        if !Admin::is_open(path) {
            admin.check_host(&head.headers)?;
            self.caller(&server.callers, head).await?;
        }
        let most = host.limits().request;
        let mut held = self.front.bodies.begin();
        let body = request::body(body, &head.headers, most, server.body_time, &mut held).await?;
        admin.answer(host, &head.method, path, head.uri.query(), &body)
    }

    /// Who calls. Whoever fails to say it again and again waits for the answer, alone.
    async fn caller(&self, callers: &Callers, head: &Parts) -> Result<Option<&str>, Problem> {
        let failures = &self.front.failures;
        match self.front.groups.caller(callers, &head.headers).await {
            Ok(caller) => {
                if caller.is_some() {
                    failures.succeeded(self.client);
                }
                Ok(caller)
            }
            Err(Unknown { challenge, has_tried }) => {
                self.front.meter.unauthorized(has_tried);
                if has_tried {
                    let now = Instant::now();
                    sleep_until(now + failures.failed(self.client, now)).await;
                }
                Err(Problem::unauthorized(challenge))
            }
        }
    }

    async fn call(
        &self,
        head: &Parts,
        body: &mut Incoming,
        id: &str,
        target: Target<'_>,
    ) -> Result<Reply, Problem> {
        let Front { host, server, log, .. } = &*self.front;
        let Target { service, path_params, caller, mut span } = target;
        if let (Some(span), Some(caller)) = (&mut span, caller) {
            span.caller(caller);
        }
        let most = host.request_limit(service).ok_or_else(Problem::not_found)?;
        let mut held = self.front.bodies.begin();
        let body = request::body(body, &head.headers, most, server.body_time, &mut held).await?;
        let request = Request {
            id: id.to_owned(),
            content_type: request::content_type(&head.headers),
            body,
            http: Some(request::http(head, &self.address, path_params, caller)),
        };
        let mut span = span.and_then(|span| span.call());
        match host.call_traced(service, request, span.as_mut()).await {
            Ok(response) => Reply::service(response).ok_or_else(Problem::bad_answer),
            Err(error) => {
                let problem = Problem::of_call(&error);
                if problem.status.is_server_error() {
                    if let Some(span) = &mut span {
                        span.failed(error.outcome());
                    }
                    log.error(service, id, &error.to_string());
                }
                Err(problem)
            }
        }
    }
}

fn note_route(span: &mut Option<&mut RequestSpan>, route: &str) {
    if let Some(span) = span {
        span.route(route);
    }
}
