//! An entry in a single allocation: header, key and value, one after another.
//!
//! For texts of about a hundred bytes, two or three allocations per entry would dominate the cost:
//! each one takes extra memory, and reading it costs a cache miss. So this module implements a
//! reference-counted block by hand. It is the only module of the crate with `unsafe` code.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;

use crate::expiry::Deadline;
use crate::key::Key;
use crate::limits::MAX_OWNERS;
use crate::sync::{AtomicU32, Ordering, fence};
use crate::value::Json;

/// The header before the texts.
#[repr(C)]
struct Head {
    /// Two halves, because an `AtomicU64` would pad the header by four bytes. Atomic, because
    /// `expire` writes the deadline while readers share the entry. Only a thread that has the
    /// shard's lock accesses the deadline.
    deadline: [AtomicU32; 2],
    owners: AtomicU32,
    value_bytes: u32,
    key_bytes: u16,
}

/// A counted reference to an entry. Dropping the last reference frees the entry. A table has one
/// reference to each of its entries, and each [`Value`] has another.
pub(crate) struct Entry(NonNull<Head>);

/// The value of an entry, as returned by [`Cache::get`](crate::Cache::get): one JSON text.
///
/// A value is a reference to its entry, so reading copies no text. The text never changes. A value
/// keeps the memory of the whole entry, key included, allocated until the value is dropped.
pub struct Value(Entry);

// SAFETY: while an entry has several owners, only its count and deadline are written, and both are
// atomic. The owner that decrements the count last observes everything that the other owners did
// before.
#[allow(unsafe_code, reason = "a pointer is not sent on its own")]
unsafe impl Send for Entry {}
// SAFETY: as for `Send`: through a shared reference, threads write only the atomics.
#[allow(unsafe_code, reason = "a pointer is not shared on its own")]
unsafe impl Sync for Entry {}

#[allow(unsafe_code, reason = "the texts stand behind the head, where no type says they are")]
impl Entry {
    /// Creates an entry with one owner. Aborts the process if `value` is longer than
    /// [`MAX_VALUE_BYTES`](crate::limits::MAX_VALUE_BYTES).
    pub(crate) fn new(key: Key<'_>, value: &str, deadline: Deadline) -> Self {
        let key = key.as_str();
        let lengths = (u16::try_from(key.len()), u32::try_from(value.len()));
        let (Ok(key_bytes), Ok(value_bytes)) = lengths else { std::process::abort() };
        let layout = layout(key.len(), value.len());
        let deadline = deadline.to_halves().map(AtomicU32::new);
        let head = Head { deadline, owners: AtomicU32::new(1), value_bytes, key_bytes };
        // SAFETY: the layout is never empty, because the header is not. It has room for the header
        // and both texts, one after another, and the new block overlaps neither text.
        unsafe {
            let Some(place) = NonNull::new(alloc(layout).cast::<Head>()) else {
                handle_alloc_error(layout)
            };
            place.write(head);
            let text = place.add(1).cast::<u8>();
            text.copy_from_nonoverlapping(NonNull::from(key).cast(), key.len());
            text.add(key.len()).copy_from_nonoverlapping(NonNull::from(value).cast(), value.len());
            Self(place)
        }
    }

    /// Adds an owner to the entry, and returns the new owner as a [`Value`].
    pub(crate) fn share(&self) -> Value {
        // Relaxed suffices: the caller already owns a reference.
        if self.head().owners.fetch_add(1, Ordering::Relaxed) >= MAX_OWNERS {
            std::process::abort();
        }
        Value(Self(self.0))
    }

    /// Overwrites the value and the deadline without a new allocation. Returns false and changes
    /// nothing if a [`Value`] of the entry still exists, or if the new value has another length.
    pub(crate) fn replace(&mut self, value: &str, deadline: Deadline) -> bool {
        // Acquire: everything that a reader did with the value happened before it dropped its
        // reference.
        let alone = self.head().owners.load(Ordering::Acquire) == 1;
        if !alone || self.value().len() != value.len() {
            return false;
        }
        let key_bytes = self.key().len();
        // SAFETY: this is the only owner, and it is borrowed exclusively, so no other thread reads
        // the value and no new owner can appear. The value starts after the key and is as long as
        // the new value. The two cannot overlap, because the new value is borrowed from elsewhere.
        unsafe {
            let place = self.0.add(1).cast::<u8>().add(key_bytes);
            place.copy_from_nonoverlapping(NonNull::from(value).cast(), value.len());
        }
        self.expire(deadline);
        true
    }

    fn head(&self) -> &Head {
        // SAFETY: the block is allocated as long as it has an owner, and `new` wrote its header.
        unsafe { self.0.as_ref() }
    }

    /// Returns `bytes` bytes of text that start `skipped` bytes after the header.
    fn text(&self, skipped: usize, bytes: usize) -> &str {
        // SAFETY: callers pass the range of the key or of the value. `new` or `replace` copied each
        // of them from a `str`.
        unsafe {
            let start = self.0.add(1).cast::<u8>().add(skipped).as_ptr();
            std::str::from_utf8_unchecked(std::slice::from_raw_parts(start, bytes))
        }
    }
}

impl Entry {
    pub(crate) fn key(&self) -> &str {
        self.text(0, self.head().key_bytes.into())
    }

    pub(crate) fn value(&self) -> &str {
        let head = self.head();
        self.text(head.key_bytes.into(), head.value_bytes as usize)
    }

    /// Returns the deadline. Requires the shard's lock, because the two halves are read one after
    /// the other.
    pub(crate) fn deadline(&self) -> Deadline {
        let [high, low] = &self.head().deadline;
        Deadline::from_halves([high.load(Ordering::Relaxed), low.load(Ordering::Relaxed)])
    }

    /// Replaces the deadline. Requires the shard's lock.
    pub(crate) fn expire(&self, deadline: Deadline) {
        for (place, half) in self.head().deadline.iter().zip(deadline.to_halves()) {
            place.store(half, Ordering::Relaxed);
        }
    }

    /// Returns the bytes that the entry requested from the allocator.
    pub(crate) fn bytes(&self) -> usize {
        let head = self.head();
        bytes(head.key_bytes.into(), head.value_bytes as usize)
    }
}

/// Returns the bytes that an entry with texts of these lengths requests from the allocator.
pub(crate) const fn bytes(key: usize, value: usize) -> usize {
    size_of::<Head>() + key + value
}

fn layout(key: usize, value: usize) -> Layout {
    let layout = Layout::from_size_align(bytes(key, value), align_of::<Head>());
    // Fails only for texts of more than half the address space, which cannot exist.
    layout.unwrap_or_else(|_| std::process::abort())
}

impl Drop for Entry {
    #[allow(unsafe_code, reason = "the last owner gives the block back")]
    fn drop(&mut self) {
        // Release, then Acquire by the last owner: everything that any owner did with the entry
        // happens before it is freed.
        if self.head().owners.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        fence(Ordering::Acquire);
        let layout = layout(self.key().len(), self.value().len());
        // SAFETY: the entry has no owner left, `new` allocated the block with the same layout, and
        // neither the header nor the texts need to be dropped.
        unsafe { dealloc(self.0.as_ptr().cast(), layout) }
    }
}

impl Value {
    /// Creates a value outside any [`Cache`](crate::Cache), for entries of another backend.
    #[must_use]
    pub fn new(key: Key<'_>, json: Json<'_>) -> Self {
        Value(Entry::new(key, json.as_str(), Deadline::NEVER))
    }

    /// Returns true if this value belongs to the entry. Returns false for an equal value of another
    /// entry.
    pub(crate) fn is_of(&self, entry: &Entry) -> bool {
        self.0.0 == entry.0
    }
}

impl Deref for Value {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.value()
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        self.0.share()
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Value {}

/// Formats like `str`.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

/// `Debug` omits key and value: they belong to guests and must not reach a log.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, Now};
    use crate::expiry::Expiry;

    fn entry(key: &str, value: &str, expiry: Option<u32>) -> Entry {
        let expiry = expiry.map(|seconds| Expiry::new(seconds).unwrap());
        let deadline = Deadline::from_now(expiry, &Now::of(&Clock::mock().0));
        Entry::new(Key::new(key).unwrap(), value, deadline)
    }

    #[test]
    fn an_entry_has_what_it_was_made_of() {
        for (key, value) in [("k", ""), ("k", "1"), ("é€😀", "\"é\""), (&"k".repeat(1024), "[]")]
        {
            let entry = entry(key, value, None);
            assert_eq!((entry.key(), entry.value()), (key, value));
            assert_eq!(entry.bytes(), 20 + key.len() + value.len());
        }
        assert_eq!(entry("k", "1", Some(7)).deadline(), entry("l", "2", Some(7)).deadline());
        assert_ne!(entry("k", "1", Some(7)).deadline(), entry("k", "1", None).deadline());
    }

    #[test]
    fn a_value_outlives_the_entry_it_came_from() {
        let entry = entry("key", "[1,2]", None);
        let (one, two) = (entry.share(), entry.share());
        drop(entry);
        drop(one.clone());
        drop(one);
        assert_eq!((&*two, format!("{two:?}")), ("[1,2]", "\"[1,2]\"".to_owned()));
    }

    #[test]
    fn a_value_is_replaced_in_place_only_without_readers_and_if_it_fits() {
        let mut entry = entry("key", "[1,2]", None);
        let never = entry.deadline();
        assert!(entry.replace("[3,4]", never));
        assert_eq!((entry.key(), entry.value()), ("key", "[3,4]"));
        assert!(!entry.replace("[3]", never) && !entry.replace("[3,4,5]", never));
        let held = entry.share();
        assert!(!entry.replace("[5,6]", never));
        drop(held);
        assert!(entry.replace("[5,6]", never));
        assert_eq!(entry.value(), "[5,6]");
    }

    #[test]
    fn a_deadline_is_replaced_while_the_value_is_read() {
        let (entry, other) = (entry("key", "[1,2]", None), entry("other", "1", Some(7)));
        let held = entry.share();
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(&*held, "[1,2]"));
            entry.expire(other.deadline());
        });
        assert_eq!((entry.deadline(), entry.value()), (other.deadline(), "[1,2]"));
    }

    #[test]
    fn threads_share_an_entry_and_the_last_one_frees_it() {
        let entry = entry("key", "\"shared\"", None);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let value = entry.share();
                scope.spawn(move || {
                    for _ in 0..50 {
                        assert_eq!(&*value.clone(), "\"shared\"");
                    }
                });
            }
            drop(entry);
        });
    }
}
