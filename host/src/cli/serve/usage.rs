//! Log lines that show how to call a newly started server: its routes, and a command to copy.

use crate::cli::client::Address;
use crate::config::{Callers, Config, DirectCallers, FileRoute, Method, Route, Scheme, Segment};
use crate::service::ServiceName;
use std::net::SocketAddr;

/// Maximum number of routes that are listed.
const MAX_ROUTES: usize = 10;

/// Returns a line for each of the first [`MAX_ROUTES`] routes to services, a line with the number
/// of further ones, if any, and the line with [`command`], if there is one. `services` are the full
/// names of the loaded services.
pub(super) fn lines(config: &Config, services: &[String], address: SocketAddr) -> Vec<String> {
    let routes = &config.routes;
    let mut lines: Vec<String> = routes.iter().take(MAX_ROUTES).map(route_line).collect();
    if routes.len() > MAX_ROUTES {
        lines.push(format!("and {} more routes", routes.len() - MAX_ROUTES));
    }
    lines.extend(command(config, services, address).map(|command| format!("try: {command}")));
    lines
}

fn route_line(route: &Route) -> String {
    let methods: Vec<_> = route.methods.iter().map(|method| method.as_str()).collect();
    let methods = if methods.is_empty() { "any method".to_owned() } else { methods.join(", ") };
    format!("route {methods} {} -> {}", route.path, route.service)
}

/// A request for a service or a file.
struct Call<'a> {
    method: Method,
    segments: Vec<&'a str>,
    callers: &'a Callers,
}

/// A `curl` command for the first of these that exists: a route without path parameters, a service
/// that can be called directly, any other route, a route to files. A route to a service that is not
/// loaded is skipped. `None` if there is nothing to call, or each connection needs a PROXY header.
fn command(config: &Config, services: &[String], address: SocketAddr) -> Option<String> {
    // Only a trusted proxy may send the PROXY protocol header.
    if config.server.proxy_protocol {
        return None;
    }
    let own = config.plugins.iter().map(|plugin| (&plugin.name, &plugin.callers));
    let direct = DirectCallers::new(&config.server.callers, own, &config.routes);
    let is_fixed = |route: &&Route| {
        !route.path.segments().iter().any(|part| matches!(part, Segment::Parameter(_)))
    };
    let routes = || config.routes.iter().filter(|route| serves(route, services));
    let of_route = |route| route_call(route, &direct);
    let by_service = || services.iter().find_map(|service| direct_call(service, config, &direct));
    let call = routes().find(is_fixed).map(of_route);
    let call = call.or_else(by_service).or_else(|| routes().next().map(of_route));
    let call = call.or_else(|| config.files.first().map(file_call))?;
    let is_tls = config.server.tls.is_some();
    let address = Address::of_listener(address, is_tls).ok()?.join(&call.segments, &[]).ok()?;
    let mut words = vec!["curl"];
    // The server's certificate may be for a name, but not for this address.
    words.extend(is_tls.then_some("--insecure"));
    words.extend(credentials(call.callers, config));
    words.extend(match call.method {
        Method::Get => &[][..],
        Method::Head => &["--head"],
        Method::Post => &["--data '{}'"],
        Method::Put => &["--request PUT", "--data '{}'"],
        Method::Patch => &["--request PATCH", "--data '{}'"],
        Method::Delete => &["--request DELETE"],
        Method::Options => &["--request OPTIONS"],
    });
    Some(format!("{} {address}{}", words.join(" "), address.target()))
}

/// True if a route leads to one of `services`. A route that names only a plugin leads to the
/// plugin's only service.
fn serves(route: &Route, services: &[String]) -> bool {
    let plugin = route.service.plugin();
    let is_of_plugin = |full: &&String| ServiceName::new(full.as_str()).plugin() == plugin;
    match route.service.service() {
        Some(_) => services.iter().any(|full| full == route.service.as_str()),
        None => services.iter().filter(is_of_plugin).count() == 1,
    }
}

fn route_call<'a>(route: &'a Route, direct: &'a DirectCallers) -> Call<'a> {
    let segments = route.path.segments().iter().map(|segment| match segment {
        Segment::Fixed(text) => text.as_str(),
        Segment::Parameter(_) => "1",
    });
    let of_plugin = || direct.of_plugin(route.service.plugin());
    Call {
        method: route.methods.first().copied().unwrap_or(Method::Get),
        segments: segments.collect(),
        callers: route.callers.as_ref().unwrap_or_else(of_plugin),
    }
}

/// A request for the index of a file route's folder.
fn file_call(route: &FileRoute) -> Call<'_> {
    let fixed = route.path.segments().iter().filter_map(|segment| match segment {
        Segment::Fixed(text) => Some(text.as_str()),
        Segment::Parameter(_) => None,
    });
    // An empty last segment adds a slash: without it, the server would redirect.
    let segments = fixed.chain([""]).collect();
    Call { method: Method::Get, segments, callers: &route.callers }
}

fn direct_call<'a>(
    service: &'a str,
    config: &Config,
    direct: &'a DirectCallers,
) -> Option<Call<'a>> {
    let (plugin, short) = service.split_once('.')?;
    let callers = direct.of_service(plugin, short).filter(|_| config.server.services)?;
    Some(Call { method: Method::Post, segments: vec!["services", service], callers })
}

/// Placeholders for the caller's credentials. `None` if calls need no credentials.
fn credentials(callers: &Callers, config: &Config) -> Option<&'static str> {
    let Callers::Group(name) = callers else { return None };
    let group = config.callers.iter().find(|group| group.name == *name)?;
    Some(match group.scheme {
        Scheme::Bearer => "--header 'Authorization: Bearer TOKEN'",
        Scheme::Basic => "--user NAME:PASSWORD",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Checks the lines for a configuration with the services `users.find`, `users.list` and
    /// `shop.buy`.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        check_of(&["users.find", "users.list", "shop.buy"], text, expected);
    }

    #[track_caller]
    fn check_of(services: &[&str], text: &str, expected: &[&str]) {
        let text = format!("folder = \".\"\n{text}");
        let token = |_: &str| Ok("till:0123456789abcdefghij".to_owned());
        let config = Config::parse(Path::new("hostel.toml"), &text, &token).unwrap().config;
        let services: Vec<_> = services.iter().map(|&service| service.to_owned()).collect();
        let lines = lines(&config, &services, ([0, 0, 0, 0], 8080).into());
        assert_eq!(lines, expected, "{text}");
    }

    fn route(path: &str, methods: &str, service: &str) -> String {
        format!("[[routes]]\npath = {path:?}\nmethods = [{methods}]\nservice = {service:?}\n")
    }

    #[test]
    fn a_service_is_called_by_its_own_path_or_by_a_route() {
        check("", &["try: curl --data '{}' http://127.0.0.1:8080/services/users.find"]);
        let by_id = route("/users/{id}", "\"GET\"", "users.find");
        let named = "route GET /users/{id} -> users.find";
        check(&by_id, &[named, "try: curl --data '{}' http://127.0.0.1:8080/services/users.find"]);
        let alone = format!("[server]\nservices = false\n{by_id}");
        check(&alone, &[named, "try: curl http://127.0.0.1:8080/users/1"]);
        let buy = route("/bűy", "", "shop");
        check(&buy, &["route any method /bűy -> shop", "try: curl http://127.0.0.1:8080/b%C5%B1y"]);
        let put = route("/", "\"PUT\", \"DELETE\"", "shop.buy");
        let line = "route PUT, DELETE / -> shop.buy";
        check(&put, &[line, "try: curl --request PUT --data '{}' http://127.0.0.1:8080/"]);
    }

    #[test]
    fn a_route_to_a_service_that_does_not_serve_is_not_tried() {
        for service in ["users.gone", "users", "gone"] {
            let routes = route("/a", "", service);
            let try_it = "try: curl --data '{}' http://127.0.0.1:8080/services/users.find";
            check(&routes, &[&format!("route any method /a -> {service}"), try_it]);
        }
    }

    #[test]
    fn files_are_tried_where_no_service_is() {
        let files = |path: &str| format!("[[routes]]\npath = {path:?}\nfiles = \"src\"\n");
        check_of(&[], &files("/"), &["try: curl http://127.0.0.1:8080/"]);
        let several = files("/bűy") + &files("/");
        check_of(&[], &several, &["try: curl http://127.0.0.1:8080/b%C5%B1y/"]);
        let groups = "[callers.tills]\nscheme = \"basic\"\nenv = \"T\"\n";
        let closed = format!("{}callers = \"tills\"\n{groups}", files("/"));
        check_of(&[], &closed, &["try: curl --user NAME:PASSWORD http://127.0.0.1:8080/"]);
        let try_it = "try: curl --data '{}' http://127.0.0.1:8080/services/users.find";
        check(&files("/"), &[try_it]);
    }

    #[test]
    fn credentials_have_a_placeholder() {
        for (scheme, shown) in [
            ("bearer", "--header 'Authorization: Bearer TOKEN'"),
            ("basic", "--user NAME:PASSWORD"),
        ] {
            let text = format!(
                "[server]\ncallers = \"tills\"\n[callers.tills]\nscheme = {scheme:?}\nenv = \"T\"\n"
            );
            let line = format!(
                "try: curl {shown} --data '{{}}' http://127.0.0.1:8080/services/users.find"
            );
            check(&text, &[&line]);
        }
    }

    #[test]
    fn the_lines_are_bounded_and_omitted_for_unreachable_services() {
        let routes: String =
            (0..12).map(|number| route(&format!("/r{number:02}"), "", "shop")).collect();
        let mut expected: Vec<_> =
            (0..10).map(|number| format!("route any method /r{number:02} -> shop")).collect();
        expected.push("and 2 more routes".to_owned());
        expected.push("try: curl http://127.0.0.1:8080/r00".to_owned());
        check(&routes, &expected.iter().map(String::as_str).collect::<Vec<_>>());
        check("[server]\nservices = false\n", &[]);
        let proxy = "[server]\ntrusted-proxies = [\"10.0.0.7\"]\nproxy-protocol = true\n";
        check(proxy, &[]);
    }
}
