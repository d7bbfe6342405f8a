//! The callers who may call a service directly, by `POST /services/<name>`. A direct call requires
//! at least the authentication that the plugin and each route to the service require.

use super::groups::Callers;
use super::routes::Route;
use crate::name::PluginName;
use std::collections::HashMap;

/// The callers who may call each service directly.
///
/// A direct call requires a caller that both the plugin and each route to the service admit. If
/// these require different groups, the service cannot be called directly, because the credentials
/// of a request belong to one group.
#[derive(Clone, Debug, Default)]
pub struct DirectCallers {
    of_server: Callers,
    of_plugins: HashMap<String, Callers>,
    /// The callers of the routes, by the plugin's name.
    of_routes: HashMap<String, RouteCallers>,
}

/// The callers of the routes to one plugin.
#[derive(Clone, Debug, Default)]
struct RouteCallers {
    /// Callers of routes to the plugin as a whole. They apply to all of its services: which service
    /// such a route means depends on the plugin's version.
    whole_plugin: Vec<Callers>,
    /// Callers of routes to a service, by the service's name within the plugin.
    services: HashMap<String, Vec<Callers>>,
}

impl DirectCallers {
    /// Combines the callers of the server, of these plugins, and of the routes. All other plugins
    /// have the server's callers.
    pub fn new<'a>(
        server: &Callers,
        plugins: impl IntoIterator<Item = (&'a PluginName, &'a Callers)>,
        routes: &[Route],
    ) -> Self {
        let own = |(name, callers): (&PluginName, &Callers)| (name.to_string(), callers.clone());
        let mut direct = DirectCallers {
            of_server: server.clone(),
            of_plugins: plugins.into_iter().map(own).collect(),
            of_routes: HashMap::new(),
        };
        for Route { service, callers, .. } in routes {
            let Some(callers @ Callers::Group(_)) = callers else { continue };
            let of_plugin = direct.of_routes.entry(service.plugin().to_owned()).or_default();
            let known = match service.service() {
                None => &mut of_plugin.whole_plugin,
                Some(name) => of_plugin.services.entry(name.to_owned()).or_default(),
            };
            if !known.contains(callers) {
                known.push(callers.clone());
            }
        }
        direct
    }

    /// Returns the callers that a plugin requires. A route to the plugin may require other callers.
    #[must_use]
    pub fn of_plugin(&self, plugin: &str) -> &Callers {
        self.of_plugins.get(plugin).unwrap_or(&self.of_server)
    }

    /// Returns the callers who may call a service directly; `None` if different groups are
    /// required.
    #[must_use]
    pub fn of_service(&self, plugin: &str, service: &str) -> Option<&Callers> {
        let mut required = self.required(plugin, service);
        let first = required.next().unwrap_or(&Callers::Open);
        required.all(|other| other == first).then_some(first)
    }

    /// Returns the groups to which the direct caller of a service must belong; may contain
    /// duplicates.
    pub fn required<'a>(
        &'a self,
        plugin: &str,
        service: &str,
    ) -> impl Iterator<Item = &'a Callers> + use<'a> {
        let routes = self.of_routes.get(plugin);
        let whole_plugin = routes.map(|routes| routes.whole_plugin.as_slice());
        let of_service = routes.and_then(|routes| routes.services.get(service));
        let of_routes = whole_plugin.into_iter().flatten().chain(of_service.into_iter().flatten());
        std::iter::once(self.of_plugin(plugin)).filter(|it| **it != Callers::Open).chain(of_routes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{PathPattern, RouteCors};
    use crate::service::ServiceName;

    fn callers(name: &str) -> Callers {
        match name {
            "open" => Callers::Open,
            group => Callers::Group(group.to_owned()),
        }
    }

    /// Checks which callers may call the service `p.s` directly. `expected` is `closed` if none
    /// may. Each route is written `SERVICE CALLERS`.
    #[track_caller]
    fn check(server: &str, plugin: Option<&str>, routes: &[&str], expected: &str) {
        let route = |text: &&str| {
            let (service, name) = text.split_once(' ').unwrap();
            Route {
                path: PathPattern::new("/").unwrap(),
                methods: Vec::new(),
                service: ServiceName::new(service),
                callers: Some(name).filter(|name| !name.is_empty()).map(callers),
                cors: RouteCors::default(),
            }
        };
        let routes: Vec<_> = routes.iter().map(route).collect();
        let name = PluginName::new("p").unwrap();
        let own = plugin.map(callers);
        let direct =
            DirectCallers::new(&callers(server), own.iter().map(|it| (&name, it)), &routes);
        let found = match direct.of_service("p", "s") {
            None => "closed",
            Some(Callers::Open) => "open",
            Some(Callers::Group(group)) => group,
        };
        assert_eq!(found, expected, "{server} {plugin:?} {routes:?}");
    }

    #[test]
    fn a_direct_call_requires_what_the_plugin_and_every_route_require() {
        check("open", None, &[], "open");
        check("a", None, &[], "a");
        check("a", Some("open"), &[], "open");
        check("a", Some("b"), &[], "b");
        check("open", None, &["p.s a"], "a");
        check("open", None, &["p a"], "a");
        check("open", None, &["p.s open", "p.s ", "p.s a", "p.s a"], "a");
        check("a", None, &["p.s open"], "a");
        check("a", None, &["p.s a", "p a"], "a");
        check("a", Some("open"), &["p.s b"], "b");
        check("open", None, &["p.other a", "other.s a", "p.s.s a", "other a"], "open");
    }

    #[test]
    fn different_groups_leave_no_direct_call() {
        check("a", None, &["p.s b"], "closed");
        check("open", Some("a"), &["p b"], "closed");
        check("open", None, &["p.s a", "p.s b"], "closed");
        check("open", None, &["p a", "p.s b"], "closed");
        check("b", Some("b"), &["p.s b", "p a"], "closed");
    }
}
