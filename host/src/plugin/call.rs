//! Calls to services, from a full name to a response.

use super::host::Host;
use super::metrics::CallCount;
use super::target::Target;
use crate::engine::{CallError, NO_MEMORY};
use crate::service::{Request, Response, ServiceName};
use crate::telemetry::{CallSpan, Origin};

impl Host {
    /// Calls a service by its full name, `<plugin>.<service>`, or by the plugin's name alone if the
    /// plugin has one service.
    ///
    /// By default, the request is handled in a fresh instance, which is dropped after the call.
    /// Dropping the future stops the guest, and the call counts as `cancelled` if its service was
    /// found. The values that the guest has stored in its cache remain.
    ///
    /// # Errors
    ///
    /// If there is no such service, if the host is busy or lacks a resource, or if the service
    /// returns a failure, traps, exits, violates the contract or reaches a limit. None of these
    /// errors stops the host or another call.
    pub async fn call(&self, service: &str, request: Request) -> Result<Response, CallError> {
        let target = self.find(&ServiceName::new(service)).await?.ok_or_else(|| {
            CallError::UnknownService { name: service.to_owned(), offered: self.full_names() }
        })?;
        self.call_target(&target, request).await
    }

    /// Finds a service by its full name. Returns `None` if there is no such service, or if the name
    /// contains only a plugin and this plugin has several services.
    pub fn resolve(&self, name: &ServiceName) -> Option<Target> {
        let plugin = self.plugin(name.plugin())?;
        let index = match (name.service(), plugin.version.services.as_slice()) {
            (Some(service), _) => plugin.version.index_of(service)?,
            (None, [_only]) => 0,
            _ => return None,
        };
        Some(Target { plugin, index })
    }

    /// Finds a service as [`Host::resolve`] does. If a [`Deployment`](crate::Deployment) is loading
    /// the service's plugin for the first time, waits for the load, but no longer than a call may
    /// be queued.
    ///
    /// # Errors
    ///
    /// [`CallError::Busy`] if the load takes longer, or too many calls wait.
    pub async fn find(&self, name: &ServiceName) -> Result<Option<Target>, CallError> {
        let (found, is_loading) = self.look_up(name);
        if !is_loading {
            return Ok(found);
        }
        let plugin = name.plugin();
        self.gate.await_load(plugin, self.pending.until_settled(plugin)).await?;
        Ok(self.resolve(name))
    }

    /// Finds a service as [`Host::resolve`] does. Also returns true if the service was not found,
    /// and its plugin is being loaded for the first time.
    pub(crate) fn look_up(&self, name: &ServiceName) -> (Option<Target>, bool) {
        // Keep this order: a plugin enters the host before it stops being pending, so a plugin
        // whose load ends between these two lines is still found.
        let is_pending = self.pending.has(name.plugin());
        let found = self.resolve(name);
        let is_loading = is_pending && found.is_none();
        (found, is_loading)
    }

    /// True if no version of the plugin serves, because a [`Deployment`](crate::Deployment) refused
    /// the plugin or the plugin's file is gone.
    pub(crate) fn is_refused(&self, plugin: &str) -> bool {
        self.pending.is_refused(plugin) && self.plugin(plugin).is_none()
    }

    /// Calls a resolved service, as [`Host::call`] does.
    ///
    /// # Errors
    ///
    /// As [`Host::call`], except for an unknown service.
    pub async fn call_target(
        &self,
        target: &Target,
        request: Request,
    ) -> Result<Response, CallError> {
        self.call_traced(target, request, None).await
    }

    /// Calls a service, and records the outcome in the metrics and in `span`. Rolls the plugin back
    /// if its version fails its probation with this call.
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
        let capabilities = &plugin.capabilities;
        self.engine().handle(component, origin, capabilities, request, charge, span).await
    }
}
