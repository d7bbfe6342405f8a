//! A vector in pages: it grows and shrinks by a page and never copies what it holds.
//!
//! A vector that doubles needs three times its size for the moment of the copy. A cache that
//! never passes its capacity would have to keep that free, and everybody would wait for the copy.

/// Items in a page. Small enough that a shard of a few entries costs a few kilobytes.
const PAGE: usize = 64;

/// The least room in the list of pages.
const MIN_PAGES: usize = 4;

/// A position that no [`Pages`] has: `get` answers `None` for it.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// A vector that is addressed by `u32` and knows what it holds of memory.
#[derive(Debug)]
pub(crate) struct Pages<T> {
    pages: Vec<Vec<T>>,
    len: u32,
}

impl<T> Pages<T> {
    pub(crate) const fn new() -> Self {
        Self { pages: Vec::new(), len: 0 }
    }

    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        let (page, place) = locate(at);
        self.pages.get(page)?.get(place)
    }

    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        let (page, place) = locate(at);
        self.pages.get_mut(page)?.get_mut(place)
    }

    /// Adds an item at the end. The caller keeps the length below [`NOWHERE`].
    pub(crate) fn push(&mut self, item: T) {
        let (page, _) = locate(self.len);
        if page == self.pages.len() {
            self.pages.reserve_exact(self.page_list_growth());
            self.pages.push(Vec::with_capacity(PAGE));
        }
        if let Some(page) = self.pages.get_mut(page) {
            page.push(item);
            self.len += 1;
        }
    }

    /// Removes an item, and moves the last one into its place.
    pub(crate) fn swap_remove(&mut self, at: u32) -> Option<T> {
        self.get(at)?;
        let last = self.pop()?;
        // The place is gone when the item was the last one.
        match self.get_mut(at) {
            Some(place) => Some(std::mem::replace(place, last)),
            None => Some(last),
        }
    }

    /// The bytes it holds now, as asked of the allocator.
    pub(crate) fn bytes(&self) -> usize {
        self.pages.capacity() * size_of::<Vec<T>>() + self.pages.len() * Self::PAGE_BYTES
    }

    /// The most bytes by which the next `push` raises what it holds, even for a moment.
    pub(crate) fn growth(&self) -> usize {
        if locate(self.len).0 < self.pages.len() {
            return 0;
        }
        let list = match self.page_list_growth() {
            0 => 0,
            more => (self.pages.capacity() + more) * size_of::<Vec<T>>(),
        };
        list + Self::PAGE_BYTES
    }

    const PAGE_BYTES: usize = PAGE * size_of::<T>();

    /// By how much the list of pages must grow to take one more.
    fn page_list_growth(&self) -> usize {
        let full = self.pages.len() == self.pages.capacity();
        if full { self.pages.len().max(MIN_PAGES) } else { 0 }
    }

    fn pop(&mut self) -> Option<T> {
        let last = self.len.checked_sub(1)?;
        let item = self.pages.get_mut(locate(last).0)?.pop();
        self.len = last;
        // Half a page of slack, so that a push and a pop in turn do not allocate each time.
        let wanted = (last as usize + PAGE / 2).div_ceil(PAGE);
        if self.pages.len() > wanted {
            self.pages.pop();
        }
        item
    }
}

fn locate(at: u32) -> (usize, usize) {
    let at = at as usize;
    (at / PAGE, at % PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(len: u32) -> Pages<u32> {
        let mut pages = Pages::new();
        (0..len).for_each(|item| pages.push(item));
        pages
    }

    #[test]
    fn items_are_where_they_were_pushed() {
        let pages = filled(1000);
        assert!((0..1000).all(|at| pages.get(at) == Some(&at)));
        assert_eq!((pages.get(1000), pages.get(NOWHERE)), (None, None));
    }

    #[test]
    fn a_removed_place_takes_the_last_item() {
        let mut pages = filled(200);
        assert_eq!(pages.swap_remove(3), Some(3));
        assert_eq!((pages.get(3), pages.get(199), pages.len()), (Some(&199), None, 199));
        assert_eq!(pages.swap_remove(198), Some(198));
        assert_eq!(pages.swap_remove(198), None);
        assert_eq!(pages.len(), 198);
    }

    #[test]
    fn growth_is_never_less_than_what_a_push_takes() {
        let mut pages = Pages::new();
        for item in 0..10_000_u64 {
            let before = pages.bytes();
            let growth = pages.growth();
            pages.push(item);
            assert!(pages.bytes() <= before + growth, "item {item}");
        }
        assert!(pages.bytes() < 10_064 * 8 + 2 * 160 * 24);
    }

    #[test]
    fn pages_are_given_back_when_items_go() {
        let mut pages = filled(6400);
        let full = pages.bytes();
        while pages.swap_remove(0).is_some() {}
        assert_eq!(pages.len(), 0);
        assert!(pages.bytes() * 5 < full, "{} of {full} bytes", pages.bytes());
    }

    #[test]
    fn a_push_and_a_removal_in_turn_keep_the_page() {
        let mut pages = filled(64);
        pages.push(64);
        let bytes = pages.bytes();
        for _ in 0..3 {
            pages.swap_remove(64);
            assert_eq!((pages.bytes(), pages.growth()), (bytes, 0));
            pages.push(64);
        }
    }
}
