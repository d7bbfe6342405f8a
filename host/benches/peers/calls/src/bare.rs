//! Two hand-written hosts. The functions of the first host, the floor, have the right types and do
//! nothing. The second host uses wasmtime's `bindgen!` and a moka cache with an expiry per entry,
//! as the guests' world requires.

mod nothings;

pub use self::nothings::Answers;

use std::cell::RefCell;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Result, Store, StoreContextMut};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

wasmtime::component::bindgen!({
    path: "../../../../wit",
    world: "hostel:service/full-service",
    exports: { default: async },
});

use self::exports::hostel::service::handler::Request;
use self::hostel::cache::cache::{self, Error};
use self::hostel::log::log::{self, Level};

/// A cache of values with their expiries.
type Moka = moka::sync::Cache<String, (String, Option<u32>)>;

struct Expires;

impl moka::Expiry<String, (String, Option<u32>)> for Expires {
    fn expire_after_create(
        &self,
        _: &String,
        (_, expiry): &(String, Option<u32>),
        _: Instant,
    ) -> Option<Duration> {
        expiry.map(|seconds| Duration::from_secs(seconds.into()))
    }

    fn expire_after_update(
        &self,
        key: &String,
        value: &(String, Option<u32>),
        now: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, value, now)
    }
}

pub struct Bare {
    /// The only instance, reused from call to call.
    live: RefCell<(Store<State>, FullService)>,
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    moka: Moka,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

type Caller<'a> = StoreContextMut<'a, State>;

impl Bare {
    /// Creates the floor, with Hostel's settings for concurrency and epochs.
    pub async fn floor(component: &[u8], answers: Answers<'_>) -> Result<Bare> {
        let mut config = Config::new();
        config.concurrency_support(false).epoch_interruption(true);
        Bare::new(&config, component, |linker| nothings::add(linker, answers)).await
    }

    /// Creates a host whose cache and log use the types that `bindgen!` generates, in an engine
    /// with default settings.
    pub async fn bindgen(component: &[u8]) -> Result<Bare> {
        let add = |linker: &mut Linker<State>| {
            cache::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
            log::add_to_linker::<_, HasSelf<_>>(linker, |state| state)
        };
        Bare::new(&Config::new(), component, add).await
    }

    async fn new(
        config: &Config,
        component: &[u8],
        add: impl FnOnce(&mut Linker<State>) -> Result<()>,
    ) -> Result<Bare> {
        let engine = Engine::new(config)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        add(&mut linker)?;
        let component = Component::from_binary(&engine, component)?;
        let (wasi, table) = (WasiCtx::builder().build(), ResourceTable::new());
        let moka = Moka::builder().max_capacity(1_000_000).expire_after(Expires).build();
        let mut store = Store::new(&engine, State { wasi, table, moka });
        store.set_epoch_deadline(u64::MAX / 2);
        let service = FullService::instantiate_async(&mut store, &component, &linker).await?;
        Ok(Bare { live: RefCell::new((store, service)) })
    }

    /// Calls a service.
    pub fn call(&self, runtime: &Runtime, service: &str, body: &str) -> Result<()> {
        let request = Request {
            service: service.to_owned(),
            id: String::new(),
            content_type: None,
            body: body.as_bytes().to_vec(),
            http: None,
        };
        let (store, service) = &mut *self.live.borrow_mut();
        let handler = service.hostel_service_handler();
        let answer = runtime.block_on(handler.call_handle(store, &request))?;
        answer.map(drop).map_err(|failure| wasmtime::Error::msg(failure.message))
    }
}

impl cache::Host for State {
    fn get(&mut self, key: String) -> Result<Option<String>, Error> {
        Ok(self.moka.get(&key).map(|(value, _)| value))
    }

    fn set(&mut self, key: String, value: String, expiry: Option<u32>) -> Result<(), Error> {
        self.moka.insert(key, (value, expiry));
        Ok(())
    }

    fn delete(&mut self, key: String) -> Result<bool, Error> {
        Ok(self.moka.remove(&key).is_some())
    }

    fn exists(&mut self, key: String) -> Result<bool, Error> {
        Ok(self.moka.contains_key(&key))
    }
}

impl log::Host for State {
    fn log(&mut self, _: Level, _: String) {}
}
