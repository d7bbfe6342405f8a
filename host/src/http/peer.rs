//! One client: routes its requests, authenticates their callers, and responds to them.

use super::admin::{self, AdminApi};
use super::client::Client;
use super::handler::{Handler, Interface};
use super::log::LogBound;
use super::messages::{MAX_SMALL_BYTES, MessageCharge};
use super::problem::Problem;
use super::record::{RequestOrigin, RequestRecord};
use super::response::{ChargedContent, Content};
use super::router::{FileEndpoint, Match};
use super::{request, request_body, response, span};
use crate::config::{Callers, DirectCallers, Server};
use crate::plugin::{Host, Target};
use crate::service::{Request, ServiceName};
use crate::telemetry::{Level, RequestKind, RequestSpan};
use bytes::Bytes;
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The client of one connection, or of one request.
pub(super) struct Peer {
    handler: Arc<Handler>,
    client: Client,
}

/// The body of a request, and the charge for the request and its response.
struct RequestBody<'a> {
    incoming: &'a mut Incoming,
    charge: MessageCharge<'a>,
}

struct ServiceCall<'a> {
    service: &'a ServiceName,
    /// The resolved service, or `None` if the service does not exist or its plugin does not serve.
    target: Option<Target>,
    path_params: Vec<(String, String)>,
    caller: Option<&'a str>,
    span: Option<&'a mut RequestSpan>,
}

impl Peer {
    pub(super) fn new(handler: Arc<Handler>, client: Client) -> Arc<Self> {
        Arc::new(Peer { handler, client })
    }

    /// Counts a failed TLS handshake of this client, and logs the reason unless `bound` omits the
    /// line.
    pub(super) fn refused_by_tls(&self, bound: &LogBound, error: &io::Error) {
        let Handler { meter, log, .. } = &*self.handler;
        meter.refused_by_tls();
        let client = self.client.address();
        let message = format_args!("the TLS handshake with {client} failed: {error}");
        log.bounded(bound, Level::Warn, message);
    }

    /// Responds to one request of this client, or of the client that the request names. Dropping
    /// the future stops the guest, and the request is recorded as cancelled.
    pub(super) async fn respond(
        &self,
        head: &Parts,
        body: &mut Incoming,
    ) -> Response<ChargedContent> {
        let named = self.client.named(&head.headers, &self.handler.server);
        let named = named.map(|client| Peer { handler: Arc::clone(&self.handler), client });
        named.as_ref().unwrap_or(self).respond_itself(head, body).await
    }

    async fn respond_itself(
        &self,
        head: &Parts,
        incoming: &mut Incoming,
    ) -> Response<ChargedContent> {
        let Handler {
            ids, tracer, server, access, meter, messages, is_stopping, interface, ..
        } = &*self.handler;
        let (id, id_header) = ids.of(&head.headers);
        let mut span = tracer.as_ref().and_then(|tracer| {
            span::begin(tracer, head, &id, self.client.ip(), server.tls.is_some())
        });
        let origin = RequestOrigin { head, id: &id, client: self.client.address() };
        let mut record = RequestRecord::begin(meter, access.as_ref(), origin);
        let charge = messages.charge(self.client.share_key());
        let mut body = RequestBody { incoming, charge };
        let (found, cors) = match interface {
            Interface::Services { router, .. } => router.of_request(head),
            Interface::Admin(_) => (Match::Nothing, None),
        };
        let routed = self.route(head, found, &mut body, &id, &mut record, span.as_mut()).await;
        let charged =
            routed.and_then(|response| self.charge(response, record.kind, &id, body.charge));
        let response = charged.unwrap_or_else(|problem| {
            response::from_problem(problem, &id).map(ChargedContent::free)
        });
        let mut response = response::finish(response, &head.method, id_header);
        if let Some(cors) = cors {
            cors.finish(&head.headers, response.headers_mut());
        }
        record.end(&response);
        if let Some(mut span) = span {
            span.status(response.status().as_u16());
        }
        if is_stopping.load(Ordering::Relaxed) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// Replaces the charge for the request with the charge for the response, which lasts until the
    /// response is sent. Short responses of the admin interface and short lists of services are not
    /// charged: they are sent even if the memory for messages is full.
    fn charge(
        &self,
        response: Response<Content>,
        kind: RequestKind,
        id: &str,
        mut charge: MessageCharge<'_>,
    ) -> Result<Response<ChargedContent>, Problem> {
        let length = response.body().len();
        let is_own = matches!(kind, RequestKind::List | RequestKind::Admin);
        let is_free = is_own && length <= MAX_SMALL_BYTES;
        let held = if is_free { 0 } else { response.body().memory() };
        if let Err(no_room) = charge.hold(held, length) {
            let message = format!("the response of {length} bytes is not sent: {no_room}");
            self.handler.log.of_request(id, &message);
            return Err(Problem::no_room(no_room));
        }
        Ok(response.map(|content| ChargedContent::new(content, charge.into_response())))
    }

    /// Routes a request and responds to it. The body of a call is read only after the route and the
    /// caller are accepted. So a client that sends `Expect: 100-continue` need not send the body
    /// of a refused request.
    async fn route(
        &self,
        head: &Parts,
        found: Match<'_>,
        body: &mut RequestBody<'_>,
        id: &str,
        record: &mut RequestRecord<'_>,
        mut span: Option<&mut RequestSpan>,
    ) -> Result<Response<Content>, Problem> {
        let Handler { host, server, interface, .. } = &*self.handler;
        request::check(head, server.headers)?;
        let direct = match interface {
            Interface::Services { direct, .. } => direct,
            Interface::Admin(api) => {
                record.kind = RequestKind::Admin;
                return Ok(self.administer(api, head, body).await?.map(Content::from));
            }
        };
        record.kind = found.kind();
        if let (Some(span), Some(route)) = (&mut span, found.route()) {
            span.route(route);
        }
        let response = match found {
            Match::List => self.list(direct, head).await,
            Match::Service(service) => {
                let (target, caller) = self.resolve(direct, &service, head).await?;
                record.call(&service, caller);
                let path_params = Vec::new();
                let call = ServiceCall { service: &service, target, path_params, caller, span };
                self.call(head, body, id, call).await
            }
            Match::Route(endpoint, path_params) => {
                let service = &endpoint.service;
                let of_plugin = || direct.of_plugin(service.plugin());
                let callers = endpoint.callers.as_ref().unwrap_or_else(of_plugin);
                let caller = self.caller(callers, head).await?;
                record.call(service, caller);
                let target = loaded(host, service).await?;
                let call = ServiceCall { service, target, path_params, caller, span };
                self.call(head, body, id, call).await
            }
            Match::File(endpoint, below) => {
                return self.file(endpoint, &below, head, record, span).await;
            }
            Match::Nothing => Err(self.nothing()),
            Match::Server => Ok(response::of_server()),
            Match::Preflight(preflight) => preflight.respond(&head.headers),
            Match::Methods(allow, _) => Err(Problem::method_not_allowed(&allow)),
            Match::Malformed => Err(Problem::malformed_path()),
        };
        response.map(|response| response.map(Content::from))
    }

    /// Finds the service of a direct call, and authenticates the caller for it. The call must use
    /// the returned target: the plugin may be replaced meanwhile, so another look-up could return a
    /// service that this caller may not call.
    async fn resolve(
        &self,
        direct: &DirectCallers,
        service: &ServiceName,
        head: &Parts,
    ) -> Result<(Option<Target>, Option<&str>), Problem> {
        let host = &self.handler.host;
        let (mut target, is_loading) = host.look_up(service);
        let mut caller = self.caller(callers_of(direct, service, target.as_ref())?, head).await?;
        if is_loading {
            target = loaded(host, service).await?;
            let callers = callers_of(direct, service, target.as_ref())?;
            caller = self.caller(callers, head).await?;
        }
        Ok((target, caller))
    }

    /// Authenticates the caller of a request for a file, and responds with the file.
    async fn file(
        &self,
        endpoint: &FileEndpoint,
        below: &[String],
        head: &Parts,
        record: &mut RequestRecord<'_>,
        span: Option<&mut RequestSpan>,
    ) -> Result<Response<Content>, Problem> {
        let Handler { files, log, .. } = &*self.handler;
        let caller = self.caller(&endpoint.callers, head).await?;
        record.caller(caller);
        if let (Some(span), Some(caller)) = (span, caller) {
            span.caller(caller);
        }
        files.respond(endpoint, below, head, log).await
    }

    /// Responds to a request to the admin interface. The probes need no credentials.
    async fn administer(
        &self,
        api: &AdminApi,
        head: &Parts,
        body: &mut RequestBody<'_>,
    ) -> Result<Response<Bytes>, Problem> {
        let Handler { host, server, .. } = &*self.handler;
        let path = head.uri.path();
        if !AdminApi::is_probe(path) {
            api.check_host(head)?;
            admin::check_site(head)?;
            self.caller(&server.callers, head).await?;
        }
        let body = body.read(head, host.limits().request, server).await?;
        api.respond(host, &head.method, path, head.uri.query(), &body).await
    }

    /// Lists the services that the client may call directly.
    async fn list(&self, direct: &DirectCallers, head: &Parts) -> Result<Response<Bytes>, Problem> {
        let Handler { host, server, authenticator, meter, .. } = &*self.handler;
        let plugins = host.plugins();
        let services = plugins.iter().flat_map(|plugin| {
            let services = plugin.services.iter();
            services.filter_map(|service| {
                let callers = direct.of_service(plugin.name.as_str(), &service.name)?;
                Some((callers, &plugin.name, service))
            })
        });
        let services: Vec<_> = services.collect();
        let all = services.iter().map(|(callers, ..)| *callers);
        let admitted = authenticator
            .admitted(&server.callers, all, &head.headers, self.client.share_key(), meter)
            .await?;
        let listed = services.iter().filter(|(callers, ..)| admitted.contains(callers));
        let listed = listed.map(|(_, plugin, service)| {
            serde_json::json!({
                "name": format!("{plugin}.{}", service.name),
                "description": service.description,
            })
        });
        Ok(response::json(&serde_json::json!({ "services": listed.collect::<Vec<_>>() })))
    }

    /// Returns the problem for a service that does not exist, or whose plugin does not serve.
    fn not_found(&self, service: &ServiceName) -> Problem {
        match self.handler.host.is_refused(service.plugin()) {
            true => Problem::not_loaded(service.plugin()),
            false => self.nothing(),
        }
    }

    /// Returns the problem for a path that matches nothing.
    fn nothing(&self) -> Problem {
        match self.handler.server.services {
            true => Problem::no_service(),
            false => Problem::no_route(),
        }
    }

    async fn caller(&self, callers: &Callers, head: &Parts) -> Result<Option<&str>, Problem> {
        let Handler { authenticator, meter, .. } = &*self.handler;
        authenticator.caller(callers, &head.headers, self.client.share_key(), meter).await
    }

    async fn call(
        &self,
        head: &Parts,
        body: &mut RequestBody<'_>,
        id: &str,
        call: ServiceCall<'_>,
    ) -> Result<Response<Bytes>, Problem> {
        let Handler { host, server, log, .. } = &*self.handler;
        let ServiceCall { service, target, path_params, caller, mut span } = call;
        if let (Some(span), Some(caller)) = (&mut span, caller) {
            span.caller(caller);
        }
        let target = target.ok_or_else(|| self.not_found(service))?;
        let body = body.read(head, target.request_limit(), server).await?;
        let request = Request {
            id: id.to_owned(),
            content_type: request::content_type(&head.headers),
            body,
            http: Some(request::http(head, self.client.address(), path_params, caller)),
        };
        let mut span = span.and_then(|span| span.call());
        match host.call_traced(&target, request, span.as_mut()).await {
            Ok(response) => response::from_service(response).ok_or_else(Problem::bad_answer),
            Err(error) => {
                let problem = Problem::of_call(&error);
                if problem.status.is_server_error() {
                    if let Some(span) = &mut span {
                        span.failed(error.outcome());
                    }
                    log.of_call(service, id, &error.to_string());
                }
                Err(problem)
            }
        }
    }
}

impl RequestBody<'_> {
    async fn read(
        &mut self,
        head: &Parts,
        limit: usize,
        server: &Server,
    ) -> Result<Vec<u8>, Problem> {
        let RequestBody { incoming, charge } = self;
        request_body::read(*incoming, &head.headers, limit, server, charge).await
    }
}

/// Returns the callers that may call a service directly. Without a target, returns the callers of
/// the plugin: clients that the plugin does not admit then cannot find out which of its services
/// exist, unless routes to a service require other callers.
///
/// # Errors
///
/// When the service cannot be called directly.
fn callers_of<'a>(
    direct: &'a DirectCallers,
    service: &ServiceName,
    target: Option<&Target>,
) -> Result<&'a Callers, Problem> {
    match target {
        None => Ok(direct.of_plugin(service.plugin())),
        Some(target) => {
            let callers = direct.of_service(target.plugin().as_str(), target.service());
            callers.ok_or_else(Problem::no_service)
        }
    }
}

/// Returns the target of a service, or `None` if the service does not exist or its plugin does not
/// serve. If the plugin is loading for the first time, waits for the load.
///
/// # Errors
///
/// When the load takes too long, or too many calls wait.
async fn loaded(host: &Host, service: &ServiceName) -> Result<Option<Target>, Problem> {
    host.find(service).await.map_err(|_| Problem::loading())
}
