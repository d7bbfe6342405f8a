//! The exports of a plugin, through which the host calls it: `services!` makes them.
//!
//! Public only for the expansion of [`services!`](crate::services).

#[cfg(target_family = "wasm")]
mod wasm;

#[cfg(target_family = "wasm")]
pub use wasm::{Failure, Guest, Request, Response, ServiceInfo, handle, list};

/// Lists the services of a plugin, each with the function that handles it, and exports them.
///
/// Use it once in a plugin, in any module. A doc comment is the service's description, for people. A
/// service is named by its function, with hyphens for underscores, or by a name in front: 1 to 128
/// ASCII letters, digits, dots, hyphens and underscores, a letter first, unique in the plugin. The
/// host refuses a plugin with any other name. [`Handler`](crate::Handler) is the form of a handler.
///
/// Defines the constant `SERVICES`, which tests pass to [`Fake::call`](crate::fake::Fake::call).
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
