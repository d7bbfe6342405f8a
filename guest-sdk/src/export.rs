//! The `services!` macro, which generates a plugin's exports.
//!
//! This module is public only because the expansion of [`services!`](crate::services) uses it.

#[cfg(target_family = "wasm")]
mod wasm;

#[cfg(target_family = "wasm")]
pub use wasm::{Failure, Guest, Request, Response, ServiceInfo, handle, list};

/// Registers the services of a plugin, each with its handler function, and exports them to the
/// host.
///
/// Use the macro once per plugin, in any module. The doc comment of a service is its description.
/// The name of a service is the name of its function, with hyphens instead of underscores, or the
/// string before `=>`. A name has 1 to 128 ASCII letters, digits, dots, hyphens and underscores,
/// begins with a letter, and is unique in the plugin; otherwise the host refuses the plugin. See
/// [`Handler`](crate::Handler) for the signature of a handler.
///
/// The macro defines the constant `SERVICES`, which tests pass to
/// [`Fake::call`](crate::fake::Fake::call).
///
/// ```
/// use hostel_sdk::{Context, Result, services};
///
/// services! {
///     /// Reports whether the service is up.
///     is_up,
///     /// Finds one order.
///     "orders.find" => find_order,
/// }
///
/// fn is_up(_ctx: &Context) -> Result<bool> {
///     Ok(true)
/// }
///
/// fn find_order(ctx: &Context, number: u64) -> Result<Option<String>> {
///     Ok(ctx.cache.get(&format!("order:{number}"))?)
/// }
///
/// let names: Vec<_> = SERVICES.iter().map(|service| service.name()).collect();
/// assert_eq!(names, ["is-up", "orders.find"]);
/// ```
#[macro_export]
macro_rules! services {
    (@service $description:expr, $name:literal $handler:path) => {
        $crate::Service::named($name, $description, |ctx| $crate::Handler::handle(&$handler, ctx))
    };
    (@service $description:expr, $handler:path) => {
        $crate::Service::of_function(
            ::std::stringify!($handler),
            $description,
            |ctx| $crate::Handler::handle(&$handler, ctx),
        )
    };
    ($($(#[doc = $doc:literal])* $($name:literal =>)? $handler:path),+ $(,)?) => {
        /// The services of this plugin, as `services!` lists them.
        #[allow(dead_code, unreachable_pub)]
        pub const SERVICES: &[$crate::Service] = &[
            $($crate::services!(@service ::std::concat!($($doc),*), $($name)? $handler)),+
        ];

        #[cfg(target_family = "wasm")]
        const _: () = {
            struct Plugin;

            impl $crate::export::Guest for Plugin {
                fn services() -> ::std::vec::Vec<$crate::export::ServiceInfo> {
                    $crate::export::list(SERVICES)
                }

                fn handle(
                    request: $crate::export::Request,
                ) -> ::std::result::Result<$crate::export::Response, $crate::export::Failure> {
                    $crate::export::handle(SERVICES, request)
                }
            }

            $crate::bindings::export!(Plugin with_types_in $crate::bindings);
        };
    };
}
