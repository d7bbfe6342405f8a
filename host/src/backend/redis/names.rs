//! The Redis keys of entries and leases.
//!
//! In Hostel's format with the prefix `P`, the name of an entry is `P:v:{c/NAME/KEY}` in a
//! configured cache and `P:v:{p/NAME/KEY}` in a private one. The name of the entry's lease is
//! `P:l:{..}` with the same text in the braces, so that a cluster keeps both in one slot even if
//! the key contains braces.

use hostel_cache::CacheName;

/// The default prefix of names.
pub(super) const DEFAULT_PREFIX: &str = "hostel";

/// The prefix of an entry's name in Zato's format.
const ZATO: &str = "zato:cache:";

/// The format of entries' names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyFormat {
    /// The name consists of the prefix, the kind and the name of the cache, and the key.
    #[default]
    Hostel,
    /// `zato:cache:KEY`, as in Zato: all caches with this format in one database share their
    /// entries.
    Zato,
}

/// The names of one cache's entries and leases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::backend) struct Names {
    prefix: String,
    /// The text before the key in the braces, in Hostel's format.
    cache: String,
    format: KeyFormat,
}

impl Names {
    pub(super) fn new(prefix: &str, cache: &CacheName, format: KeyFormat) -> Self {
        let cache = match cache {
            CacheName::Private(name) => format!("p/{name}/"),
            CacheName::Configured(name) => format!("c/{name}/"),
        };
        Names { prefix: prefix.to_owned(), cache, format }
    }

    /// Returns the name of a key's entry.
    pub(super) fn entry(&self, key: &str) -> String {
        match self.format {
            KeyFormat::Hostel => format!("{}:v:{{{}{key}}}", self.prefix, self.cache),
            KeyFormat::Zato => format!("{ZATO}{key}"),
        }
    }

    /// Returns the name of a key's lease, or `None` if a cluster might keep the lease in a
    /// different slot from the entry.
    pub(super) fn lease(&self, key: &str, is_cluster: bool) -> Option<String> {
        match self.format {
            KeyFormat::Hostel => Some(format!("{}:l:{{{}{key}}}", self.prefix, self.cache)),
            KeyFormat::Zato if is_cluster && key.contains(['{', '}']) => None,
            KeyFormat::Zato => Some(format!("{}:l:{{{ZATO}{key}}}", self.prefix)),
        }
    }

    /// Returns the `SCAN` pattern for the entries whose keys begin with `prefix`.
    pub(super) fn pattern(&self, prefix: &str) -> Vec<u8> {
        match self.format {
            KeyFormat::Hostel => {
                escaped(&format!("{}:v:{{{}{prefix}", self.prefix, self.cache), "*}")
            }
            KeyFormat::Zato => escaped(&format!("{ZATO}{prefix}"), "*"),
        }
    }

    /// Returns the `SCAN` pattern for the entries and the leases of keys that begin with `prefix`.
    /// In Zato's format, the pattern matches only entries, because one pattern cannot match the
    /// names of both without matching other names.
    pub(super) fn pattern_with_leases(&self, prefix: &str) -> Vec<u8> {
        match self.format {
            KeyFormat::Hostel => {
                let both = escaped(&self.prefix, ":[vl]:{");
                [both, escaped(&format!("{}{prefix}", self.cache), "*}")].concat()
            }
            KeyFormat::Zato => self.pattern(prefix),
        }
    }

    /// Returns the `SCAN` pattern for all leases of the cache.
    pub(super) fn lease_pattern(&self) -> Vec<u8> {
        match self.format {
            KeyFormat::Hostel => escaped(&format!("{}:l:{{{}", self.prefix, self.cache), "*}"),
            KeyFormat::Zato => escaped(&format!("{}:l:{{{ZATO}", self.prefix), "*}"),
        }
    }

    /// Returns the key whose entry has this name, or `None` if this is not the name of an entry.
    pub(super) fn key<'a>(&self, name: &'a [u8]) -> Option<&'a str> {
        let name = std::str::from_utf8(name).ok()?;
        match self.format {
            KeyFormat::Hostel => self.key_of(name, ":v:{"),
            KeyFormat::Zato => name.strip_prefix(ZATO),
        }
    }

    /// Returns the key whose entry or lease has this name, or `None` for other names. In Zato's
    /// format, also returns `None` for the name of a lease.
    pub(super) fn key_or_leased<'a>(&self, name: &'a [u8]) -> Option<&'a str> {
        self.key(name).or_else(|| self.key_of(std::str::from_utf8(name).ok()?, ":l:{"))
    }

    fn key_of<'a>(&self, name: &'a str, kind: &str) -> Option<&'a str> {
        let rest = name.strip_prefix(&*self.prefix)?.strip_prefix(kind)?;
        rest.strip_prefix(&*self.cache)?.strip_suffix('}')
    }
}

/// Returns a pattern that matches this text literally, followed by the pattern `rest`.
fn escaped(text: &str, rest: &str) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(text.len() + rest.len());
    for byte in text.bytes() {
        if b"*?[]\\^-".contains(&byte) {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern.extend_from_slice(rest.as_bytes());
    pattern
}

#[cfg(test)]
mod tests {
    use super::super::slot::slot;
    use super::*;

    fn names(cache: &CacheName, format: KeyFormat) -> Names {
        Names::new(DEFAULT_PREFIX, cache, format)
    }

    #[test]
    fn names_of_two_caches_never_meet() {
        let (private, configured) = (CacheName::private, CacheName::configured);
        let pairs = [
            (private("users").unwrap(), "k"),
            (configured("users").unwrap(), "k"),
            (configured("plugin").unwrap(), "users/k"),
            (private("a").unwrap(), "b/c"),
            (private("a-b").unwrap(), "c"),
        ];
        let mut all: Vec<String> = Vec::new();
        for (cache, key) in pairs {
            let names = names(&cache, KeyFormat::Hostel);
            assert_eq!(names.key(names.entry(key).as_bytes()), Some(key));
            all.extend([names.entry(key), names.lease(key, true).unwrap()]);
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count, "{all:?}");
        assert_eq!(all.first().map(String::as_str), Some("hostel:l:{c/plugin/users/k}"));
    }

    #[test]
    fn an_entry_and_its_lease_are_in_one_slot_whatever_braces_the_key_has() {
        let cache = CacheName::configured("c").unwrap();
        for key in ["a", "{a}", "}", "{", "{}", "a}b{c", "}{", "\0", "{}}"] {
            for format in [KeyFormat::Hostel, KeyFormat::Zato] {
                let names = names(&cache, format);
                let Some(lease) = names.lease(key, true) else { continue };
                assert_eq!(slot(names.entry(key).as_bytes()), slot(lease.as_bytes()), "{key}");
            }
        }
        assert_eq!(names(&cache, KeyFormat::Zato).lease("{a}", true), None);
        assert_eq!(names(&cache, KeyFormat::Zato).entry("a"), "zato:cache:a");
    }

    #[test]
    fn a_pattern_matches_its_prefix_as_it_is_written() {
        let names = names(&CacheName::configured("c").unwrap(), KeyFormat::Hostel);
        assert_eq!(names.pattern("*?[a-b]\\"), b"hostel:v:{c/c/\\*\\?\\[a\\-b\\]\\\\*}");
        assert_eq!(names.pattern_with_leases("*"), b"hostel:[vl]:{c/c/\\**}");
        assert_eq!(names.key(b"hostel:l:{c/c/k}"), None);
        assert_eq!(names.key_or_leased(b"hostel:l:{c/c/k}"), Some("k"));
        assert_eq!(names.key_or_leased(b"hostel:v:{c/c/k}"), Some("k"));
        assert_eq!(names.key(b"hostel:v:{c/d/k}"), None);
        assert_eq!(names.key(b"hostel:v:{c/c/\xff}"), None);
    }
}
