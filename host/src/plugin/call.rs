//! Calls to services: from a full name to a response.

use super::host::Host;
use super::metrics::CallCount;
use super::target::Target;
use crate::engine::{CallError, NO_MEMORY};
use crate::service::{Request, Response, ServiceName};
use crate::telemetry::{CallSpan, Origin};
use std::sync::Arc;

impl Host {
    /// Calls a service by its full name, `<plugin>.<service>`, or by the plugin's alone where it
    /// has one service.
    ///
    /// The request is handled in a fresh instance, dropped when this returns, unless the plugin's
    /// settings say otherwise. Dropping the future stops the guest, and the call counts as
    /// `cancelled`; what it set in its cache by then stays.
    ///
    /// # Errors
    ///
    /// When there is no such service, too many calls run already, the service returns a failure,
    /// traps, exits, violates the contract or reaches a limit. The host and other calls are
    /// untouched by all of these.
    pub async fn call(&self, service: &str, request: Request) -> Result<Response, CallError> {
        let target = self.find(&ServiceName::new(service)).await?.ok_or_else(|| {
            CallError::UnknownService { name: service.to_owned(), offered: self.full_names() }
        })?;
        self.call_target(&target, request).await
    }

    /// Finds the service of a full name; none where there is none, or where the name is a plugin's
    /// alone and it has several.
    pub fn resolve(&self, name: &ServiceName) -> Option<Target> {
        let plugin = self.plugin(name.plugin())?;
        let index = match (name.service(), plugin.version.services.as_slice()) {
            (Some(service), _) => plugin.version.index_of(service)?,
            (None, [_only]) => 0,
            _ => return None,
        };
        Some(Target { plugin, index })
    }

    /// Finds the service of a full name, as [`Host::resolve`] does. Where its plugin is being loaded by
    /// a [`Deployment`](crate::Deployment) and has never served, waits for that, as long as a call may
    /// wait for others.
    ///
    /// # Errors
    ///
    /// [`CallError::Busy`] when that takes longer, or too many calls wait.
    pub async fn find(&self, name: &ServiceName) -> Result<Option<Target>, CallError> {
        let (found, is_loading) = self.look_up(name);
        if !is_loading {
            return Ok(found);
        }
        let plugin = name.plugin();
        self.gate.await_load(plugin, self.pending.until_settled(plugin)).await?;
        Ok(self.resolve(name))
    }

    /// Finds a service as [`Host::resolve`] does, and says whether its plugin is being loaded and has
    /// never served.
    pub(crate) fn look_up(&self, name: &ServiceName) -> (Option<Target>, bool) {
        // In this order: a plugin is in the host before it stops being pending, so that one whose load
        // ends in between is found.
        let is_pending = self.pending.has(name.plugin());
        let found = self.resolve(name);
        let is_loading = is_pending && found.is_none();
        (found, is_loading)
    }

    /// Whether a plugin does not serve, since it was refused by a
    /// [`Deployment`](crate::Deployment).
    pub(crate) fn is_refused(&self, plugin: &str) -> bool {
        self.pending.is_refused(plugin) && self.plugin(plugin).is_none()
    }

    /// Calls the service that a name was resolved to, as [`Host::call`] does.
    ///
    /// # Errors
    ///
    /// As [`Host::call`], but that the service is there.
    pub async fn call_target(
        &self,
        target: &Target,
        request: Request,
    ) -> Result<Response, CallError> {
        self.call_traced(target, request, None).await
    }

    /// Calls a service and records in its span how that went.
    pub(crate) async fn call_traced(
        &self,
        target: &Target,
        request: Request,
        mut span: Option<&mut CallSpan>,
    ) -> Result<Response, CallError> {
        let count = CallCount::begin(self, target);
        if let Some(span) = &mut span {
            span.is_to(target.plugin().as_str(), target.service());
        }
        let result = self.call_admitted(target, request, span.as_deref_mut()).await;
        if let Some(span) = span {
            span.ended(result.as_ref().map_or_else(CallError::outcome, |_| "answered"));
        }
        count.end(&result);
        let plugin = &target.plugin;
        if let Some(calls) = plugin.probation.take_in(&result, || self.gate.is_busy()) {
            self.roll_back(plugin, &result, calls);
        }
        result
    }

    async fn call_admitted(
        &self,
        target: &Target,
        request: Request,
        mut span: Option<&mut CallSpan>,
    ) -> Result<Response, CallError> {
        let plugin = &target.plugin;
        let component = &plugin.version.component;
        let mut place = self.gate.admit(&plugin.calls, component.memory_of_call()).await?;
        let charge = place.take_charge().ok_or_else(|| CallError::Busy(NO_MEMORY.to_owned()))?;
        if let Some(span) = &mut span {
            span.is_admitted();
        }
        let origin = Origin {
            plugin: plugin.name.shared(),
            service: target.service().to_owned(),
            request_id: request.id.clone(),
        };
        let capabilities = Arc::clone(&plugin.capabilities);
        self.engine().handle(component, origin, capabilities, request, charge, span).await
    }
}
