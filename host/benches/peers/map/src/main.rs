//! The cache's map alone, beside those of others: what a call takes, what an entry takes, how many
//! reads hit, and what happens while a million entries expire.
//!
//! Prints rows of the table, without its head. Arguments choose parts of it (`speed`, `memory`,
//! `hits`, `expiry`; all without any), and `MAP_ENTRIES` says how many the largest map holds, ten
//! million by default, which takes about 8 GB of memory and some minutes.

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
