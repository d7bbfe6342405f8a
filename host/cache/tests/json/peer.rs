//! Compares the texts that the cache accepts with the texts that `serde_json` parses.

use hostel_cache::{Cache, CacheLimits, Clock, Json, MAX_DEPTH, MIN_CAPACITY};

/// Compares the cache and `serde_json` on one text.
///
/// # Panics
///
/// If they disagree, except on texts that are nested too deeply; if an error is reported inside a
/// character; or if a value is not returned byte for byte.
pub(crate) fn check(text: &str) {
    let read = serde_json::from_str::<serde_json::Value>(text);
    let taken = Json::new(text, usize::MAX);
    match &taken {
        Ok(_) => assert!(read.is_ok(), "taken, and no other reader reads it: {read:?}"),
        Err(_) => assert!(read.is_err() || is_too_deep(text), "refused: {taken:?}"),
    }
    if let Err(hostel_cache::Error::InvalidValue { offset, .. }) = &taken {
        assert!(text.is_char_boundary(*offset), "{offset} is inside a character");
    }
    let limits = CacheLimits::new(MIN_CAPACITY, MIN_CAPACITY / 16).unwrap();
    let cache = Cache::new(limits, Clock::mock().0);
    let set = cache.set("k", text, None);
    assert_eq!(set, Json::new(text, cache.limits().value_limit()).map(drop));
    let found = cache.get("k").unwrap();
    assert_eq!(found.as_deref(), set.is_ok().then_some(text));
}

/// Returns true if a valid text is nested more deeply than a value may be.
fn is_too_deep(text: &str) -> bool {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_u32, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth -= 1,
            _ => (),
        }
        deepest = deepest.max(depth);
    }
    deepest > MAX_DEPTH
}
