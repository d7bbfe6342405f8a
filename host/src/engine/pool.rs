//! The pool of instance slots. Their address space is reserved once, when the engine is created, so
//! that creating an instance is fast.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::thread::available_parallelism;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// The number of slots that the host tries to reserve first. Each slot has a memory, a table and a
/// stack. Each memory reserves 4 GiB of address space. A process has 128 TiB on x86-64.
pub(crate) const MAX_SLOTS: u32 = 1_024;

/// With fewer slots than this, a pool is not worthwhile.
const MIN_SLOTS: u32 = 16;

/// Range of the maximum number of bytes that the memory of a freed slot keeps, and likewise its
/// table: the engine zeroes these bytes and does not return them to the system. The actual maximum
/// depends on the memory budget, because every slot that was ever used may keep this much memory.
const KEPT_BYTES: RangeInclusive<usize> = 64 << 10..=4 << 20;

/// The number of slots in use when as many calls run as the default settings allow.
const USED_TOGETHER: usize = 256;

/// A new instance gets a free slot that its module has used before, if there is one. Otherwise, it
/// gets a free slot that another module has used if there are at least this many such slots, or
/// else a slot that was never used. If there is no slot of that kind, it gets any free slot.
/// wasmtime divides the slots and this number among up to 16 shards. It applies the rule in the
/// shard of the current thread, or in another shard if that one is full.
const WARM_SLOTS: u32 = 32;

/// The engine returns the memory of freed slots to the system in batches of at most about this many
/// regions. Each batch interrupts the other threads, so few large batches are better than many
/// small batches.
const GIVEN_BACK_TOGETHER: usize = 16;

/// The share of the memory budget for slots without an instance, as a divisor. An eighth of the
/// budget is for the bytes that such slots keep. Another eighth bounds all batches of slots whose
/// memory is not yet returned to the system.
const UNUSED_SHARE: usize = 8;

/// The largest memory that a 32-bit guest can address. The memory limiter bounds the memory that a
/// guest may use.
const MAX_MEMORY_BYTES: usize = 1 << 32;

/// Bytes of address space to reserve for a memory when address space is short. A memory that
/// outgrows its reservation is moved, and every access is bounds-checked.
const LITTLE_SPACE: u64 = 1 << 20;

/// Elements of the largest table that fits a slot. Such a table takes 128 MiB of address space.
const MAX_TABLE_ELEMENTS: usize = 16 << 20;

/// A part of the engine's error message for a table that does not fit a slot.
const TABLE_TOO_LARGE: &str = "has a minimum element size of";

/// Creates an engine with a pool of [`MAX_SLOTS`] slots, and returns the engine and the number of
/// slots. If the engine cannot be created, mostly because address space is short, tries again with
/// a quarter of the slots. With fewer than [`MIN_SLOTS`] slots, the engine has no pool: the engine
/// maps each instance's memory separately, and the returned number is 0.
///
/// `budget` is the host's memory budget in bytes. It determines how much unused memory the pool
/// keeps. `instance` is the maximum size of one instance in bytes.
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

/// Configures an engine without a pool, which uses little address space.
pub(super) fn without(config: &mut Config) {
    config
        .memory_reservation(LITTLE_SPACE)
        .memory_reservation_for_growth(LITTLE_SPACE)
        .memory_guard_size(0);
}

fn pool(slots: u32, budget: usize, instance: usize) -> PoolingAllocationConfig {
    let unused = budget / UNUSED_SHARE;
    let kept = (unused / USED_TOGETHER).clamp(*KEPT_BYTES.start(), *KEPT_BYTES.end());
    let together = (unused / instance.max(1) / batches()).clamp(1, GIVEN_BACK_TOGETHER);
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
    // These maximums are not needed: `limits.instances` bounds the counts of each component before
    // its instantiation.
    pool.total_core_instances(u32::MAX)
        .max_core_instances_per_component(u32::MAX)
        .max_memories_per_component(u32::MAX)
        .max_tables_per_component(u32::MAX)
        .max_memories_per_module(slots)
        .max_tables_per_module(slots);
    pool
}

/// Returns the number of batches: wasmtime's pooling allocator has one for each processor, but at
/// most 16.
fn batches() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get).min(16)
}

/// True if a component was refused because one of its tables does not fit a slot.
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
