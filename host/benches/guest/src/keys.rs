//! The keys of benchmarks with many entries. The program that runs the guest includes this file
//! too, to generate the same keys.

/// Calls `see` `calls` times, each time with one of the `entries` keys, in an order that processors
/// cannot predict. The seed determines the order and must not be 0.
pub(crate) fn each((calls, entries, seed): (u32, u32, u64), mut see: impl FnMut(&str)) {
    let mut random = seed;
    let mut key = String::new();
    for _ in 0..calls {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let number = ((random >> 32) * u64::from(entries)) >> 32;
        write(&mut key, number as u32);
        see(&key);
    }
}

/// Writes the key of the entry with this number.
pub(crate) fn write(key: &mut String, number: u32) {
    key.clear();
    key.push_str("user:");
    for place in (0..8).rev() {
        let digit = (number >> (4 * place)) & 0xf;
        key.push(char::from_digit(digit, 16).unwrap_or_default());
    }
}
