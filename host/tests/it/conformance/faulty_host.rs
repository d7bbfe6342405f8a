//! A faulty host. Its functions have the right types, but `get` returns an invalid value, `set`
//! stores nothing, `delete` and `exists` always return true, and the functions in `OTHERS` fail.

use std::sync::Arc;
use wasmtime::Result;
use wasmtime::component::{Component, Linker, WasmStr};
use wasmtime::{Config, Engine, Store, StoreContextMut};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

wasmtime::component::bindgen!({
    path: "../wit",
    world: "hostel:service/service",
    exports: { default: async },
});

use self::exports::hostel::service::handler::Request;
use self::hostel::cache::cache::Error;
use self::hostel::log::log::Level;

/// Functions that an SDK may import besides `log`, `get`, `set`, `delete` and `exists`.
const OTHERS: &[(&str, &[&str])] = &[
    ("hostel:cache/atomics@0.1.1", &["set-if-absent", "increment", "compare-and-swap", "take"]),
    ("hostel:cache/lease@0.1.1", &["get-or-lease", "fill", "release"]),
    ("hostel:cache/batch@0.1.1", &["get-many", "set-many", "delete-many"]),
    ("hostel:cache/entries@0.1.1", &["ttl", "expire", "keys", "delete-prefix"]),
    ("hostel:http/client@0.1.0", &["send", "send-many"]),
    ("hostel:config/config@0.1.0", &["get", "names"]),
];

pub(super) struct FaultyHost {
    engine: Engine,
    service: ServicePre<State>,
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    value: Arc<str>,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

type Caller<'a> = StoreContextMut<'a, State>;

impl FaultyHost {
    pub(super) fn new(component: &[u8]) -> Result<Self> {
        let mut config = Config::new();
        config.concurrency_support(false).epoch_interruption(true);
        let engine = Engine::new(&config)?;
        let mut linker = Linker::<State>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        let mut cache = linker.instance("hostel:cache/cache@0.1.1")?;
        cache.func_wrap("get", |store: Caller<'_>, _: (WasmStr,)| {
            Ok((Ok::<_, Error>(Some(store.data().value.clone())),))
        })?;
        cache.func_wrap("set", |_: Caller<'_>, _: (WasmStr, WasmStr, Option<u32>)| {
            Ok((Ok::<(), Error>(()),))
        })?;
        for name in ["delete", "exists"] {
            cache.func_wrap(name, |_: Caller<'_>, _: (WasmStr,)| Ok((Ok::<_, Error>(true),)))?;
        }
        linker
            .instance("hostel:log/log@0.1.0")?
            .func_wrap("log", |_: Caller<'_>, _: (Level, WasmStr)| Ok(()))?;
        // These functions fail, and thus end the call of the service.
        for (interface, functions) in OTHERS {
            let mut instance = linker.instance(interface)?;
            for function in *functions {
                instance.func_new(function, |_, _, _, _| Err(wasmtime::Error::msg("faulty")))?;
            }
        }
        let component = Component::from_binary(&engine, component)?;
        let service = ServicePre::new(linker.instantiate_pre(&component)?)?;
        Ok(FaultyHost { engine, service })
    }

    /// Calls a service in a fresh instance and returns the body of its response.
    pub(super) async fn call(&self, service: &str, body: Vec<u8>) -> Result<Vec<u8>> {
        let state = State {
            wasi: WasiCtx::builder().build(),
            table: ResourceTable::new(),
            value: "x".repeat(80).into(),
        };
        let mut store = Store::new(&self.engine, state);
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = self.service.instantiate_async(&mut store).await?;
        let request = Request {
            service: service.to_owned(),
            id: String::new(),
            content_type: None,
            body,
            http: None,
        };
        let handler = instance.hostel_service_handler();
        let answer = handler.call_handle(&mut store, &request).await?;
        let response = answer.map_err(|failure| wasmtime::Error::msg(failure.message))?;
        Ok(response.body)
    }
}
