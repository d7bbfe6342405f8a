//! The worlds that the host runs, one file each.
//!
//! Today there is one world. A new kind of plugin needs a new file, and a new variant in [`Linked`]
//! and in [`Guest`].

mod hostel;
mod offer;

pub use offer::{Offer, WorldMismatch};
pub(crate) use offer::{check, check_names, offer};

use crate::hostcalls::State;
use crate::service::{Failure, Request, Response, ServiceInfo};
use wasmtime::Store;
use wasmtime::component::{Component, Linker};

/// A component that fits a world, linked and ready to instantiate.
pub(crate) enum Linked {
    Hostel(hostel::HostelComponent),
}

/// A live instance of a component.
pub(crate) enum Guest {
    Hostel(hostel::HostelInstance),
}

impl Linked {
    /// Links a component that passed [`check`].
    ///
    /// # Errors
    ///
    /// If the component imports a function that the host does not offer, or offers with another
    /// type, or if its export lacks a function of the world.
    pub(crate) fn new(linker: &Linker<State>, component: &Component) -> wasmtime::Result<Self> {
        let linked = linker.instantiate_pre(component)?;
        Ok(Linked::Hostel(hostel::HostelComponent::new(linked)?))
    }

    /// Creates an instance in a store.
    ///
    /// # Errors
    ///
    /// If a limit forbids the instance, a start function traps, or a function of the export does
    /// not have the type that the world defines.
    pub(crate) async fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Guest> {
        let Linked::Hostel(component) = self;
        Ok(Guest::Hostel(component.instantiate_async(store).await?))
    }
}

impl Guest {
    /// Asks the guest for its services.
    pub(crate) async fn services(
        &self,
        store: &mut Store<State>,
    ) -> wasmtime::Result<Vec<ServiceInfo>> {
        let Guest::Hostel(instance) = self;
        hostel::services(instance, store).await
    }

    /// Lets the guest handle a request to the service of this name.
    pub(crate) async fn handle(
        &self,
        store: &mut Store<State>,
        service: String,
        request: Request,
    ) -> wasmtime::Result<Result<Response, Failure>> {
        let Guest::Hostel(instance) = self;
        hostel::handle(instance, store, service, request).await
    }
}
