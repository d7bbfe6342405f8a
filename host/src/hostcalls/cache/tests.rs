//! Tests that both linkages return the same results to a guest, byte for byte.

use super::*;
use crate::backend::{Caches, LeaseWaits};
use crate::engine::{CompileSettings, Compiler, Engine, Instances, Limits};
use crate::grants::{Access, CacheGrant, ConfigGrant, Grants};
use crate::hostcalls::ConfigValues;
use crate::hostcalls::state::Capabilities;
use crate::memory::{HostMemory, InstanceCharge};
use crate::outbound::{Network, Outbound};
use crate::process::Cancellation;
use crate::service::Request;
use crate::telemetry::{Metrics, Origin};
use hostel_cache::{CacheLimits, CacheName, Clock};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Semaphore;
use wit_component::{StringEncoding, embed_component_metadata};

/// A guest that makes nine calls and responds with their results, 24 bytes of its memory for each
/// call. The calls are: set, get of the value, get of a long key, get of a missing key, exists, set
/// of invalid JSON, get of an empty key, delete, exists.
const GUEST: &str = r#"(module
(import "hostel:cache/cache@0.1.1" "get" (func $get (param i32 i32 i32)))
(import "hostel:cache/cache@0.1.1" "set" (func $set (param i32 i32 i32 i32 i32 i32 i32)))
(import "hostel:cache/cache@0.1.1" "delete" (func $delete (param i32 i32 i32)))
(import "hostel:cache/cache@0.1.1" "exists" (func $exists (param i32 i32 i32)))
(export "hostel:service/handler@0.1.0#services" (func $services))
(export "hostel:service/handler@0.1.0#handle" (func $handle))
(memory (export "memory") 2)
(data (i32.const 8) "\10\00\00\00\01\00\00\00\40\00\00\00\04\00\00\00\40\00\00\00")
(data (i32.const 64) "echo")
(data (i32.const 1024) "key[1,2]{")
(func $services (result i32) (i32.const 8))
(global $free (mut i32) (i32.const 65536))
(func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32)
  (param $size i32) (result i32)
  (local $new i32)
  (local.set $new (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
  (global.set $free (i32.add (local.get $new) (local.get $size)))
  (local.get $new))
(func $handle (param $request i32) (result i32)
  (call $set (i32.const 1024) (i32.const 3) (i32.const 1027) (i32.const 5)
    (i32.const 1) (i32.const 60) (i32.const 256))
  (call $get (i32.const 1024) (i32.const 3) (i32.const 280))
  (call $get (i32.const 1024) (i32.const 100) (i32.const 304))
  (call $get (i32.const 1025) (i32.const 1) (i32.const 328))
  (call $exists (i32.const 1024) (i32.const 3) (i32.const 352))
  (call $set (i32.const 1024) (i32.const 3) (i32.const 1032) (i32.const 1)
    (i32.const 0) (i32.const 0) (i32.const 376))
  (call $get (i32.const 1024) (i32.const 0) (i32.const 400))
  (call $delete (i32.const 1024) (i32.const 3) (i32.const 424))
  (call $exists (i32.const 1024) (i32.const 3) (i32.const 448))
  (i32.store16 (i32.const 132) (i32.const 200))
  (i32.store (i32.const 156) (i32.const 256))
  (i32.store (i32.const 160) (i32.const 216))
  (i32.const 128)))"#;

fn component() -> Vec<u8> {
    let mut module = wat::parse_str(GUEST).unwrap();
    let mut wit = wit_parser::Resolve::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let (package, _) = wit.push_dir(folder).unwrap();
    let world = wit.select_world(&[package], Some("service")).unwrap();
    embed_component_metadata(&mut module, &wit, world, StringEncoding::UTF8).unwrap();
    crate::toolchain::componentize(&module).unwrap()
}

/// Runs the guest once and returns the results of its nine calls, each a row of 24 bytes.
async fn results(linkage: Linkage, access: Access) -> Vec<Vec<u8>> {
    let limits = Limits::default();
    let memory = HostMemory::new(1 << 30);
    let engine =
        Engine::new(limits.clone(), Arc::new(|_| {}), Compiler::InProcess, None, &memory).unwrap();
    let (instances, meter) = (Instances::Fresh, Metrics::new().instances("p"));
    let settings = CompileSettings {
        limits,
        instances,
        linkage,
        meter,
        config: ConfigValues::new("p", &ConfigGrant::default()),
        cancellation: Cancellation::default(),
    };
    let component = engine.compile(&component(), settings).unwrap();
    let caches = Caches::new(Clock::mock().0, Metrics::new().redis(), memory.caches());
    let cache = caches.open(CacheName::private("p").unwrap(), CacheLimits::default()).unwrap();
    let grants = Grants::from(CacheGrant { access, ..CacheGrant::default() });
    let place = || Arc::new(Semaphore::new(1));
    let lease_waits = LeaseWaits::new(place(), place());
    let lease_meter = Metrics::new().leases().cache("p");
    let meter = Metrics::new().http_client("p");
    let outbound =
        Arc::new(Outbound::new("p".into(), &grants, Network::new(memory.messages()), meter));
    let capabilities = Arc::new(Capabilities { grants, cache, lease_waits, lease_meter, outbound });
    let origin = Origin { plugin: "p".into(), service: "echo".into(), request_id: String::new() };
    let charge = InstanceCharge::forced(&memory);
    let request = Request::default();
    let result = engine.handle(&component, origin, &capabilities, request, charge, None).await;
    result.unwrap().body.chunks(24).map(<[u8]>::to_vec).collect()
}

/// Returns two bytes for each row. The first is 1 for an error. The second is the kind of an error,
/// or 1 for `true` or an existing value.
fn heads(rows: &[Vec<u8>]) -> Vec<(u8, u8)> {
    rows.iter().map(|row| (row[0], if row[0] == 0 { row[1].max(row[4]) } else { row[4] })).collect()
}

#[tokio::test]
async fn both_linkages_give_the_same_results() {
    const INVALID_KEY: u8 = 0;
    const INVALID_VALUE: u8 = 1;
    let synchronous = results(Linkage::Synchronous, Access::ReadWrite).await;
    assert_eq!(
        heads(&synchronous),
        [
            (0, 0),
            (0, 1),
            (0, 0),
            (0, 0),
            (0, 1),
            (1, INVALID_VALUE),
            (1, INVALID_KEY),
            (0, 1),
            (0, 0)
        ]
    );
    assert_eq!(results(Linkage::Asynchronous, Access::ReadWrite).await, synchronous);
}

#[tokio::test]
async fn both_linkages_deny_writes_to_a_cache_that_is_read_only() {
    const DENIED: (u8, u8) = (1, 4);
    let synchronous = results(Linkage::Synchronous, Access::ReadOnly).await;
    let heads = heads(&synchronous);
    assert_eq!([heads[0], heads[1], heads[4], heads[7]], [DENIED, (0, 0), (0, 0), DENIED]);
    assert_eq!(results(Linkage::Asynchronous, Access::ReadOnly).await, synchronous);
}
