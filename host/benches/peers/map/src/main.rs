//! Compares the cache's map with other maps: the time of a call, the memory of an entry, the hit
//! rate, and latencies while up to a million entries expire.
//!
//! Prints rows of the table, without its header. Arguments select parts (`speed`, `memory`, `hits`,
//! `expiry`; all by default). `MAP_ENTRIES` sets the size of the largest map; the default of ten
//! million entries takes about 8 GB of memory and several minutes.

mod allocator;
mod expiry;
mod hits;
mod load;
mod maps;
mod memory;
mod speed;

fn main() {
    let most = std::env::var("MAP_ENTRIES").ok().and_then(|text| text.parse().ok());
    let most: usize = most.unwrap_or(10_000_000);
    let parts: Vec<_> = std::env::args().skip(1).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    if wanted("speed") {
        speed::run(1_000);
        speed::run(most);
    }
    if wanted("memory") {
        memory::run(most);
    }
    if wanted("hits") {
        hits::run();
    }
    if wanted("expiry") {
        expiry::run(most.min(1_000_000) as u32);
    }
}
