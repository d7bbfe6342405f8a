//! The keys of the benches with many entries. The host's side of a bench makes the same.

/// Shows so many keys, of so many entries, in an order that no processor guesses; the seed, which
/// is not 0, chooses the order.
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

/// Makes a text the key of the entry with that number.
pub(crate) fn write(key: &mut String, number: u32) {
    key.clear();
    key.push_str("user:");
    for place in (0..8).rev() {
        let digit = (number >> (4 * place)) & 0xf;
        key.push(char::from_digit(digit, 16).unwrap_or_default());
    }
}
