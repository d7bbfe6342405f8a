//! Prints rows of target F: the SDK's `get_or_set`, and all cache functions except `get`, `set`,
//! `exists` and `delete`.

use crate::bare::{Answers, Bare};
use crate::rows::row;
use crate::sides::Sides;
use crate::{VALUE, guests};
use anyhow::{Error, Result};
use table::Wanted;

/// The number of keys in a batch and in a call of `keys`.
const KEYS: u32 = 10;

pub fn print() -> Result<()> {
    let sides = &Sides::new("functions")?;
    let keys: Vec<String> = (0..KEYS).map(|number| format!("batch:{number}")).collect();
    set_entries(sides, &keys)?;
    get_or_set(sides)?;
    let component = guests::component("functions")?;
    let floor = |value| {
        let floor = Bare::floor(&component, Answers { value, keys: &keys });
        sides.runtime.block_on(floor).map_err(Error::msg)
    };
    let (with_entries, without) = (&floor(Some(VALUE))?, &floor(None)?);
    let missing: Vec<String> = keys.iter().map(|key| format!("missing:{key}")).collect();
    // The arguments after the number of calls. These texts are printable ASCII, so Rust's debug
    // format is valid JSON.
    let one = |key: &str| format!("{key:?}");
    let set = |key: &str| format!("{key:?},{VALUE:?}");
    for (what, service, arguments, floor) in [
        ("set-if-absent of a present key", "set-if-absent", set("present"), with_entries),
        ("increment", "increment", one("count"), with_entries),
        ("compare-and-swap, alternating two values", "swap", set("swap") + ",\"{}\"", with_entries),
        ("set, take", "set-and-take", set("token"), with_entries),
        ("get-or-lease of a present key", "get-or-lease", one("present"), with_entries),
        ("get-or-lease of a missing key, fill, delete", "lease-and-fill", set("leased"), without),
        ("get-or-lease of a missing key, release", "lease-and-release", one("leased"), without),
        ("get-many of 10 keys", "get-many", format!("{keys:?}"), with_entries),
        ("set-many of 10 keys", "set-many", format!("{keys:?},{VALUE:?}"), with_entries),
        ("delete-many of 10 missing keys", "delete-many", format!("{missing:?}"), with_entries),
        ("ttl", "ttl", one("present"), with_entries),
        ("expire", "expire", one("expiring"), with_entries),
        ("keys, 10 of a small cache", "keys", format!("\"batch:\",{KEYS}"), with_entries),
        ("delete-prefix without a match", "delete-prefix", one("nothing:"), with_entries),
    ] {
        let turns =
            vec![sides.ours_with(service, &arguments), sides.bare_with(floor, service, &arguments)];
        row("F", what, "host functions that do nothing", "ns", Wanted::Nothing, turns)?;
    }
    Ok(())
}

/// Sets the entries that the measured calls require.
fn set_entries(sides: &Sides, keys: &[String]) -> Result<()> {
    let cache = sides.ours.cache();
    let others = ["present", "swap", "expiring"];
    for key in keys.iter().map(String::as_str).chain(others) {
        cache.set(key, VALUE, None)?;
    }
    Ok(cache.set("number", "123", Some(3_600))?)
}

/// Prints the rows of `get_or_set`. A hit costs one host call, like `get`.
fn get_or_set(sides: &Sides) -> Result<()> {
    for (what, service, wanted) in [
        ("`get_or_set` of a hit", "get-or-set", Wanted::AtMost(1.3)),
        ("`get_or_set` of a hit, with `early`", "get-or-set-early", Wanted::Nothing),
    ] {
        let side = |service| sides.ours_with(service, "\"number\"");
        let turns = vec![side(service), side("get-number")];
        row("F", what, "`get`, both through the SDK", "ns", wanted, turns)?;
    }
    Ok(())
}
