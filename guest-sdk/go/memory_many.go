//go:build !wasip1

package hostel

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// The fake's cache functions for several keys, and those for the lifetime of an entry.

// pageEntries is the maximum number of entries that one page of keys examines.
const pageEntries = 1000

// lock checks the keys and returns the locked fake. The caller must unlock it.
func (h host) lock(keys []string) (*Fake, error) {
	for _, key := range keys {
		if err := checkKeyBytes(key); err != nil {
			return nil, err
		}
	}
	h.fake.mutex.Lock()
	return h.fake, nil
}

func (h host) getMany(keys []string) ([][]byte, error) {
	fake, err := h.lock(keys)
	if err != nil {
		return nil, err
	}
	defer fake.mutex.Unlock()
	values := make([][]byte, len(keys))
	for i, key := range keys {
		if value, there := fake.read(key); there {
			values[i] = value
		}
	}
	return values, nil
}

func (h host) setMany(entries []textEntry, seconds uint32) error {
	for _, entry := range entries {
		if err := checkKeyBytes(entry.key); err != nil {
			return err
		}
		if err := checkValue([]byte(entry.text)); err != nil {
			return err
		}
	}
	h.fake.mutex.Lock()
	defer h.fake.mutex.Unlock()
	for _, entry := range entries {
		h.fake.write(entry.key, entry.text, h.fake.deadline(seconds))
		h.fake.stats.Sets++
	}
	return nil
}

func (h host) deleteMany(keys []string) (removed uint32, err error) {
	fake, err := h.lock(keys)
	if err != nil {
		return 0, err
	}
	defer fake.mutex.Unlock()
	for _, key := range keys {
		if _, there := fake.remove(key); there {
			fake.stats.Deletes++
			removed++
		}
	}
	return removed, nil
}

func (h host) ttl(key string) (kind timeLeft, seconds uint32, err error) {
	fake, err := h.at(key)
	if err != nil {
		return 0, 0, err
	}
	defer fake.mutex.Unlock()
	found, there := fake.live(key)
	switch {
	case !there:
		return timeLeftMissing, 0, nil
	case found.deadline == 0:
		return timeLeftUnlimited, 0, nil
	}
	left := found.deadline - fake.now()
	return timeLeftSeconds, uint32((left + time.Second - 1) / time.Second), nil
}

func (h host) expire(key string, seconds uint32) (bool, error) {
	fake, err := h.at(key)
	if err != nil {
		return false, err
	}
	defer fake.mutex.Unlock()
	// Ends the lease even if there is no entry.
	delete(fake.leases, key)
	found, there := fake.live(key)
	if there {
		found.deadline = fake.deadline(seconds)
		fake.entries[key] = found
		fake.stats.Expires++
	}
	return there, nil
}

// page returns the live keys of one page that begin with a prefix, and the cursor of the next page.
// After the last page, the cursor is nil. A page examines entries in the order of their keys. The
// cursor is the last key that was examined. So, as with a real host, a page may be empty even if it
// is not the last one.
func (f *Fake) page(prefix string, cursor *string) (keys []string, next *string) {
	looked := 0
	for _, key := range slices.Sorted(maps.Keys(f.entries)) {
		if cursor != nil && key <= *cursor {
			continue
		}
		if looked == pageEntries {
			return keys, next
		}
		looked++
		next = &key
		if _, there := f.live(key); there && strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func (h host) keys(prefix string, cursor *string) ([]string, *string, error) {
	h.fake.mutex.Lock()
	defer h.fake.mutex.Unlock()
	keys, next := h.fake.page(prefix, cursor)
	return keys, next, nil
}

func (h host) deletePrefix(prefix string, cursor *string) (uint32, *string, error) {
	h.fake.mutex.Lock()
	defer h.fake.mutex.Unlock()
	keys, next := h.fake.page(prefix, cursor)
	for _, key := range keys {
		h.fake.remove(key)
		h.fake.stats.Deletes++
	}
	// Also ends leases of keys without an entry.
	maps.DeleteFunc(h.fake.leases, func(key string, _ holder) bool { return strings.HasPrefix(key, prefix) })
	return uint32(len(keys)), next, nil
}
