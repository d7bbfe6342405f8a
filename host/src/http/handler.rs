//! The state that the requests of a listener share: the host, the settings, counters and bounds.

use super::admin::AdminApi;
use super::auth::Authenticator;
use super::error::HttpError;
use super::files::FileServer;
use super::log::ErrorLog;
use super::messages::Messages;
use super::request::RequestIds;
use super::router::Router;
use super::settings::HttpSettings;
use crate::config::{Callers, DirectCallers, Server};
use crate::plugin::Host;
use crate::telemetry::{AccessSink, HttpMeter, Tracer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The state that the requests of a listener share.
pub(super) struct Handler {
    pub(super) host: Arc<Host>,
    pub(super) server: Server,
    pub(super) interface: Interface,
    pub(super) authenticator: Authenticator,
    pub(super) ids: RequestIds,
    pub(super) log: ErrorLog,
    pub(super) access: Option<AccessSink>,
    pub(super) meter: HttpMeter,
    pub(super) messages: Arc<Messages>,
    pub(super) files: FileServer,
    pub(super) tracer: Option<Tracer>,
    pub(super) is_stopping: AtomicBool,
}

/// The interface that a listener serves: services or administration.
pub(super) enum Interface {
    /// Services, by route or by direct call, and the files of routes.
    Services { router: Box<Router>, direct: DirectCallers },
    /// The admin interface.
    Admin(AdminApi),
}

impl Handler {
    /// Creates a handler for services.
    ///
    /// # Errors
    ///
    /// When the settings name an unknown group of callers.
    pub(super) fn services(host: Arc<Host>, settings: HttpSettings) -> Result<Self, HttpError> {
        let HttpSettings { server, routes, files, plugins, .. } = &settings;
        let authenticator = Authenticator::new(&settings.groups);
        authenticator.check("the server", &server.callers)?;
        for route in routes {
            let callers = route.callers.as_ref().unwrap_or(&Callers::Open);
            authenticator.check(&format!("the route {}", route.path), callers)?;
        }
        for route in files {
            authenticator.check(&format!("the route {}", route.path), &route.callers)?;
        }
        for (plugin, callers) in plugins {
            authenticator.check(&format!("the plugin {plugin}"), callers)?;
        }
        let direct = DirectCallers::new(&server.callers, plugins, routes);
        let router = Router::new(routes, files, server.services, server.cors.as_ref());
        let router = Box::new(router);
        let interface = Interface::Services { router, direct };
        Ok(Handler::new(host, authenticator, interface, settings))
    }

    /// Creates a handler for the admin interface. `settings.groups` must define the group that
    /// `server.callers` names.
    pub(super) fn admin(host: Arc<Host>, api: AdminApi, settings: HttpSettings) -> Self {
        let authenticator = Authenticator::new(&settings.groups);
        Handler::new(host, authenticator, Interface::Admin(api), settings)
    }

    fn new(
        host: Arc<Host>,
        authenticator: Authenticator,
        interface: Interface,
        settings: HttpSettings,
    ) -> Self {
        let HttpSettings { server, log, access, tracer, .. } = settings;
        let listener = match interface {
            Interface::Services { .. } => "services",
            Interface::Admin(_) => "admin",
        };
        Handler {
            meter: host.counts().listener(listener),
            messages: Messages::new(server.bodies, host.memory().messages()),
            files: FileServer::default(),
            host,
            server,
            interface,
            authenticator,
            ids: RequestIds::default(),
            log: ErrorLog::new(log),
            access,
            tracer,
            is_stopping: AtomicBool::new(false),
        }
    }

    /// Makes each further HTTP/1 response close its connection.
    pub(super) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }
}
