//! The remote servers of a plugin, its settings and its secrets.

use super::error::{Diagnostics, instead};
use super::private_file::read_private;
use super::raw::{At, RawAllowed, RawHttp, RawSecret, RawValue, RawZatoRest, Tables};
use super::values::{Context, count, variable};
use crate::file;
use crate::grants::{
    Allowed, Authority, ConfigGrant, HttpGrant, Secret, ValueError, check_value_name,
};
use std::collections::BTreeMap;
use std::ops::Range;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

pub(super) fn http(
    raw: Option<&RawHttp>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> HttpGrant {
    let mut grant = HttpGrant::default();
    let Some(raw) = raw else { return grant };
    grant.connections = count(raw.connections.as_ref(), grant.connections);
    for row in raw.allow.iter().flatten() {
        let (url, private, ca) = match row.get() {
            RawAllowed::Url(url) => (url, false, None),
            RawAllowed::Row(row) => (&row.url, row.private == Some(true), row.ca.as_deref()),
        };
        grant.allow.extend(allowed(url, private, ca, row.at(), context, diagnostics));
    }
    grant
}

fn allowed(
    url: &str,
    private: bool,
    ca: Option<&str>,
    at: Range<usize>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Allowed> {
    let allowed = Allowed::new(url)
        .and_then(|allowed| if private { allowed.with_private() } else { Ok(allowed) });
    let allowed = allowed.map_err(|error| diagnostics.fault(at.clone(), error)).ok()?;
    if allowed.is_of_loopback() && !private {
        diagnostics.fault(
            at,
            format_args!(
                "{url:?} is on this machine, which needs `private`: write \
                 `{{ url = {url:?}, private = true }}`"
            ),
        );
        return None;
    }
    let Some(ca) = ca else { return Some(allowed) };
    Some(allowed.with_authorities(authorities(ca, at, context, diagnostics)?))
}

fn authorities(
    written: &str,
    at: Range<usize>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Vec<Authority>> {
    let path = context.path(written);
    let shown = path.display();
    let bytes = file::read_bytes(&path)
        .map_err(|error| {
            diagnostics.fault(
                at.clone(),
                format_args!("cannot read the certificates in {shown}: {error}"),
            );
        })
        .ok()?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match read {
        Ok(found) if !found.is_empty() => Some(found.iter().map(|der| der.to_vec()).collect()),
        _ => {
            diagnostics.fault(at, format_args!("{shown} contains no valid PEM certificates"));
            None
        }
    }
}

pub(super) fn values(
    settings: Option<&Tables<RawValue>>,
    secrets: Option<&Tables<RawSecret>>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> ConfigGrant {
    let mut grant = ConfigGrant::default();
    for (name, value) in settings.into_iter().flatten() {
        let value = match value.get() {
            RawValue::Text(text) => text.clone(),
            RawValue::Integer(integer) => integer.to_string(),
            RawValue::Boolean(boolean) => boolean.to_string(),
        };
        if is_name(name, diagnostics) {
            grant.settings.insert(name.get().clone(), value);
        }
    }
    for (name, secret) in secrets.into_iter().flatten() {
        if grant.settings.contains_key(name.get()) {
            diagnostics.fault(
                name.at(),
                format_args!("`{}` is also the name of a setting: rename one of them", name.get()),
            );
        }
        let read = read_secret(secret, context, diagnostics);
        if let Some(secret) = read.filter(|_| is_name(name, diagnostics)) {
            grant.secrets.insert(name.get().clone(), secret);
        }
    }
    grant
}

fn is_name(name: &At<String>, diagnostics: &mut Diagnostics<'_>) -> bool {
    let checked = check_value_name(name.get());
    checked.map_err(|error| diagnostics.fault(name.at(), error)).is_ok()
}

fn read_secret(
    raw: &At<RawSecret>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Secret> {
    let (text, at) = match (&raw.get().env, &raw.get().file) {
        (Some(name), None) => (variable(name, context, diagnostics)?, name.at()),
        (None, Some(file)) => {
            (read_private(&context.path(file.get()), file.at(), diagnostics)?, file.at())
        }
        _ => {
            let message = "a secret must come from an environment variable or a file: write \
                           `{ env = \"NAME\" }` or `{ file = \"PATH\" }`";
            diagnostics.fault(raw.at(), message);
            return None;
        }
    };
    Secret::new(&text).map_err(|error: ValueError| diagnostics.fault(at, error)).ok()
}

/// Adds grants for those outgoing connections in `[zato]` that name this plugin.
pub(super) fn add_zato(
    connections: Option<&Tables<RawZatoRest>>,
    plugin: &str,
    (http, values): (&mut HttpGrant, &mut ConfigGrant),
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) {
    for (name, raw) in connections.into_iter().flatten() {
        let RawZatoRest { host, url_path, plugins, private, ca } = raw.get();
        let Some(listed) = plugins.iter().find(|it| it.get() == plugin) else { continue };
        let host_url = host.get().trim_end_matches('/');
        let path = url_path.as_ref().map_or("/", |path| path.get());
        // Allow the whole path, or only the segments before the first segment with a parameter.
        let fixed = path.split('{').next().unwrap_or_default();
        let below = match fixed.len() == path.len() {
            true => fixed,
            false => fixed.rsplit_once('/').map_or("/", |(before, _)| before),
        };
        let url = format!("{host_url}{below}");
        let (private, ca) = (*private == Some(true), ca.as_ref().map(|ca| ca.get().as_str()));
        http.allow.extend(allowed(&url, private, ca, host.at(), context, diagnostics));
        let prefix = format!("zato.out.rest.{}", name.get());
        let named = At::clone(name);
        let checked = check_value_name(&prefix);
        if let Err(error) = checked {
            diagnostics.fault(named.at(), error);
            continue;
        }
        let settings: BTreeMap<_, _> = [
            (format!("{prefix}.host"), host_url.to_owned()),
            (format!("{prefix}.url-path"), path.to_owned()),
        ]
        .into();
        for setting in settings.keys().filter(|name| values.secrets.contains_key(*name)) {
            let message = format_args!(
                "the secret `{setting}` of the plugin `{plugin}` has the name of a setting of this \
                 connection: rename the secret"
            );
            diagnostics.fault(listed.at(), message);
        }
        values.settings.extend(settings);
    }
}

/// Checks that the plugins of these connections are configured.
pub(super) fn check_zato(
    connections: Option<&Tables<RawZatoRest>>,
    plugins: &[&str],
    diagnostics: &mut Diagnostics<'_>,
) {
    for (_, raw) in connections.into_iter().flatten() {
        for name in raw.get().plugins.iter().filter(|name| !plugins.contains(&name.get().as_str()))
        {
            let instead = instead(name.get(), plugins.iter().copied());
            diagnostics.fault(
                name.at(),
                format_args!("no plugin is named `{}` in [plugins]; {instead}", name.get()),
            );
        }
    }
}
