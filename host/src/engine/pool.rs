//! Where instances live: slots of address space set aside once, so that making an instance maps
//! nothing anew, and a slot given back is cleaned where a guest wrote and nowhere else.

use std::ops::RangeInclusive;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Slots tried first: memories, and as many of what else an instance takes. Each reserves 4 GiB of
/// address space, of which a process has 128 TiB.
pub(crate) const MAX_SLOTS: u32 = 1_024;

/// Fewer slots than this are not worth a pool.
const MIN_SLOTS: u32 = 16;

/// Bytes of a used slot's memory that are cleaned and kept, not given back to the system: at least and
/// at most. Every slot that was ever used keeps them, so they depend on the budget.
const KEPT_BYTES: RangeInclusive<usize> = 64 << 10..=4 << 20;

/// Slots that are in use together where calls are as many as the default settings allow.
const USED_TOGETHER: usize = 256;

/// Unused slots that are taken again before one that was never used.
const WARM_SLOTS: u32 = 32;

/// Slots given back to the system together at most, since each giving back stops the other threads.
const GIVEN_BACK_TOGETHER: usize = 16;

/// Of the budget of memory, what slots may hold that no instance uses: an eighth for their kept bytes,
/// and an eighth for those that are not given back yet.
const UNUSED_SHARE: usize = 8;

/// The largest memory that a 32-bit guest can name; what it may have is the limiter's business.
const MAX_MEMORY_BYTES: usize = 1 << 32;

/// Address space of a memory where that is short: it is moved when it grows beyond, and every access
/// is checked.
const LITTLE_SPACE: u64 = 1 << 20;

/// Elements of the largest table that a slot has room for, 128 MiB of address space.
const MAX_TABLE_ELEMENTS: usize = 16 << 20;

/// The engine's words for a table larger than that.
const TABLE_TOO_LARGE: &str = "has a minimum element size of";

/// Makes an engine with as large a pool as the system has address space for, and returns its slots.
/// It holds unused memory in proportion to a budget, where an instance has at most so many bytes.
/// Where address space is short the engine maps the memory of each instance anew, and has 0 slots.
///
/// # Errors
///
/// When the engine refuses its settings.
pub(super) fn engine(
    config: &Config,
    budget: usize,
    instance: usize,
) -> wasmtime::Result<(Engine, u32)> {
    let mut slots = MAX_SLOTS;
    while slots >= MIN_SLOTS {
        let mut pooled = config.clone();
        pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(
            slots, budget, instance,
        )));
        if let Ok(engine) = Engine::new(&pooled) {
            return Ok((engine, slots));
        }
        slots /= 4;
    }
    let mut mapped = config.clone();
    without(&mut mapped);
    Ok((Engine::new(&mapped)?, 0))
}

/// Settings for little address space, and no pool.
pub(super) fn without(config: &mut Config) {
    config
        .memory_reservation(LITTLE_SPACE)
        .memory_reservation_for_growth(LITTLE_SPACE)
        .memory_guard_size(0);
}

fn pool(slots: u32, budget: usize, instance: usize) -> PoolingAllocationConfig {
    let unused = budget / UNUSED_SHARE;
    let kept = (unused / USED_TOGETHER).clamp(*KEPT_BYTES.start(), *KEPT_BYTES.end());
    let together = (unused / instance.max(1)).clamp(1, GIVEN_BACK_TOGETHER);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_memories(slots)
        .total_tables(slots)
        .total_stacks(slots)
        .total_component_instances(slots)
        .max_memory_size(MAX_MEMORY_BYTES)
        .table_elements(MAX_TABLE_ELEMENTS)
        .linear_memory_keep_resident(kept)
        .table_keep_resident(kept)
        .max_unused_warm_slots(WARM_SLOTS)
        .decommit_batch_size(together)
        .pagemap_scan(Enabled::Auto);
    // A component's own counts are checked against `limits.instances` before it is instantiated.
    pool.total_core_instances(u32::MAX)
        .max_core_instances_per_component(u32::MAX)
        .max_memories_per_component(u32::MAX)
        .max_tables_per_component(u32::MAX)
        .max_memories_per_module(slots)
        .max_tables_per_module(slots);
    pool
}

/// Whether a component was refused for a table that no slot has room for.
pub(super) fn refused_table(error: &wasmtime::Error) -> bool {
    error.root_cause().to_string().contains(TABLE_TOO_LARGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::{Instance, Module, Store};

    #[test]
    fn slots_keep_no_more_than_their_share_of_the_budget() {
        let (budget, memory) = (256 << 20, 1 << 20);
        let (engine, slots) = engine(&Config::new(), budget, memory).unwrap();
        assert!(slots > 0, "this test needs the address space of a pool");
        let text = "(module (memory 16) (func (export \"fill\")
            (memory.fill (i32.const 0) (i32.const 1) (i32.const 1048576))))";
        let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
        let mut used = Vec::new();
        for _ in 0..USED_TOGETHER {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let fill = instance.get_typed_func::<(), ()>(&mut store, "fill").unwrap();
            fill.call(&mut store, ()).unwrap();
            used.push(store);
        }
        drop(used);
        let kept = engine.pooling_allocator_metrics().unwrap().unused_memory_bytes_resident();
        assert!(kept <= budget / UNUSED_SHARE, "{kept} bytes are kept");
    }
}
