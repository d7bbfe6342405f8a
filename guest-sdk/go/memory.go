//go:build !wasip1

package hostel

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The fake's cache and log. The cache stores JSON texts.

type entry struct {
	value    string
	deadline time.Duration // Zero for none.
}

// holder is the holder of a key's lease: the test's own call or a simulated other call.
type holder uint8

const (
	thisCall holder = iota + 1
	anotherCall
)

// host passes the SDK's calls to the fake. In a plugin, the type host of wit.go takes its place.
type host struct {
	fake *Fake
}

// live returns the entry under a key, unless it is missing or expired. The caller holds the mutex,
// as for all methods of a fake below.
func (f *Fake) live(key string) (entry, bool) {
	found, there := f.entries[key]
	if there && found.deadline > 0 && f.now() >= found.deadline {
		delete(f.entries, key)
		return entry{}, false
	}
	return found, there
}

// deadline returns the deadline of an entry that is written now, or 0 for an entry without an
// expiry.
func (f *Fake) deadline(seconds uint32) time.Duration {
	if seconds == 0 {
		return 0
	}
	return f.now() + time.Duration(seconds)*time.Second
}

// write stores an entry and ends the lease of its key.
func (f *Fake) write(key, value string, deadline time.Duration) {
	f.entries[key] = entry{value, deadline}
	delete(f.leases, key)
}

// remove removes and returns the live entry under a key, and ends the key's lease even if there is
// no entry.
func (f *Fake) remove(key string) (removed entry, there bool) {
	removed, there = f.live(key)
	delete(f.entries, key)
	delete(f.leases, key)
	return removed, there
}

// release ends the lease of a key if this holder has it.
func (f *Fake) release(key string, of holder) {
	if f.leases[key] == of {
		delete(f.leases, key)
	}
}

// read returns the value of the live entry, and counts a hit or a miss.
func (f *Fake) read(key string) ([]byte, bool) {
	found, there := f.live(key)
	if there {
		f.stats.Hits++
	} else {
		f.stats.Misses++
	}
	return []byte(found.value), there
}

// at checks the key and returns the locked fake. The caller must unlock it.
func (h host) at(key string) (*Fake, error) {
	if err := checkKeyBytes(key); err != nil {
		return nil, err
	}
	h.fake.mutex.Lock()
	return h.fake, nil
}

// atWith is like at, but also checks a value.
func (h host) atWith(key, value string) (*Fake, error) {
	if err := checkKeyBytes(key); err != nil {
		return nil, err
	}
	if err := checkValue([]byte(value)); err != nil {
		return nil, err
	}
	return h.at(key)
}

func (h host) get(key string) ([]byte, bool, error) {
	fake, err := h.at(key)
	if err != nil {
		return nil, false, err
	}
	defer fake.mutex.Unlock()
	value, there := fake.read(key)
	return value, there, nil
}

func (h host) done() {}

func (h host) set(key string, value []byte, seconds uint32) error {
	fake, err := h.atWith(key, string(value))
	if err != nil {
		return err
	}
	defer fake.mutex.Unlock()
	fake.write(key, string(value), fake.deadline(seconds))
	fake.stats.Sets++
	return nil
}

func (h host) delete(key string) (bool, error) {
	fake, err := h.at(key)
	if err != nil {
		return false, err
	}
	defer fake.mutex.Unlock()
	_, there := fake.remove(key)
	if there {
		fake.stats.Deletes++
	}
	return there, nil
}

func (h host) exists(key string) (bool, error) {
	fake, err := h.at(key)
	if err != nil {
		return false, err
	}
	defer fake.mutex.Unlock()
	_, there := fake.live(key)
	fake.stats.Exists++
	return there, nil
}

// setIfAbsent does not end the key's lease when the entry stays unchanged.
func (h host) setIfAbsent(key string, value []byte, seconds uint32) (bool, error) {
	fake, err := h.atWith(key, string(value))
	if err != nil {
		return false, err
	}
	defer fake.mutex.Unlock()
	if _, there := fake.live(key); there {
		return false, nil
	}
	fake.write(key, string(value), fake.deadline(seconds))
	fake.stats.Sets++
	return true, nil
}

func (h host) increment(key string, delta int64, seconds uint32) (int64, error) {
	fake, err := h.at(key)
	if err != nil {
		return 0, err
	}
	defer fake.mutex.Unlock()
	old, there := fake.live(key)
	deadline := old.deadline
	if !there {
		old.value, deadline = "0", fake.deadline(seconds)
	}
	// Ends the lease even if the addition fails.
	delete(fake.leases, key)
	integer, err := integerOf(old.value)
	if err != nil {
		return 0, err
	}
	sum := integer + delta
	if sum < -maxInteger || sum > maxInteger {
		return 0, refusedf(CacheInvalidValue,
			"the sum of %d and %d is not from -(2^53 - 1) to 2^53 - 1", integer, delta)
	}
	fake.write(key, strconv.FormatInt(sum, 10), deadline)
	fake.stats.Increments++
	return sum, nil
}

// integerOf parses a stored integer. It returns an error for a value that Increment refuses.
func integerOf(text string) (int64, error) {
	integer, err := strconv.ParseInt(text, 10, 64)
	plain := err == nil && strconv.FormatInt(integer, 10) == text
	if !plain || integer < -maxInteger || integer > maxInteger {
		return 0, refusedf(CacheInvalidValue, "value %s is not an integer from -(2^53 - 1) to 2^53 - 1, "+
			"written without fraction, exponent and spaces", excerpt(text))
	}
	return integer, nil
}

func (h host) compareAndSwap(
	key string, expected, wanted *string, lifetime lifetime, seconds uint32,
) (Swap, error) {
	if err := checkKeyBytes(key); err != nil {
		return Swap{}, err
	}
	for _, text := range []*string{expected, wanted} {
		if text == nil {
			continue
		}
		if err := checkValue([]byte(*text)); err != nil {
			return Swap{}, err
		}
	}
	fake, err := h.at(key)
	if err != nil {
		return Swap{}, err
	}
	defer fake.mutex.Unlock()
	// Ends the lease even if nothing is swapped.
	delete(fake.leases, key)
	old, there := fake.live(key)
	if there != (expected != nil) || there && old.value != *expected {
		if !there {
			return Swap{}, nil
		}
		return Swap{Current: &old.value}, nil
	}
	if wanted == nil {
		fake.remove(key)
	} else {
		deadline := old.deadline
		if lifetime != lifetimeKeep {
			deadline = fake.deadline(seconds)
		}
		fake.write(key, *wanted, deadline)
	}
	if there || wanted != nil {
		fake.stats.Swaps++
	}
	return Swap{Swapped: true}, nil
}

func (h host) take(key string) ([]byte, bool, error) {
	fake, err := h.at(key)
	if err != nil {
		return nil, false, err
	}
	defer fake.mutex.Unlock()
	taken, there := fake.remove(key)
	if there {
		fake.stats.Takes++
	}
	return []byte(taken.value), there, nil
}

// getOrLease never waits: the other call that [Fake.Hold] simulates never stores a value.
func (h host) getOrLease(key string, early, _ uint32) (leaseFound, []byte, error) {
	fake, err := h.at(key)
	if err != nil {
		return 0, nil, err
	}
	defer fake.mutex.Unlock()
	value, there := fake.read(key)
	deadline := fake.entries[key].deadline
	isNear := deadline > 0 && deadline-fake.now() < time.Duration(early)*time.Second
	switch {
	case there && isNear && fake.begin(key):
		return foundRefresh, value, nil
	case there:
		return foundValue, value, nil
	case fake.begin(key):
		return foundCompute, nil, nil
	}
	return foundBusy, nil, nil
}

// begin gives this call the lease of a key, unless another call holds it.
func (f *Fake) begin(key string) bool {
	if f.leases[key] == anotherCall {
		return false
	}
	f.leases[key] = thisCall
	return true
}

func (h host) fill(key string, value []byte, seconds uint32) (bool, error) {
	fake, err := h.atWith(key, string(value))
	if err != nil {
		return false, err
	}
	defer fake.mutex.Unlock()
	// Every change of an entry ends its lease. So if this call has the lease, the entry is unchanged.
	if fake.leases[key] != thisCall {
		return false, nil
	}
	fake.write(key, string(value), fake.deadline(seconds))
	fake.stats.Sets++
	return true, nil
}

func (h host) release(key string) error {
	fake, err := h.at(key)
	if err != nil {
		return err
	}
	defer fake.mutex.Unlock()
	fake.release(key, thisCall)
	return nil
}

// log stores the line and prints it, so that a failing test shows its log.
func (h host) log(level Level, message string) {
	line := fmt.Sprintf("%v: %s", level, message)
	fmt.Fprintln(os.Stderr, line)
	h.fake.mutex.Lock()
	defer h.fake.mutex.Unlock()
	h.fake.logs = append(h.fake.logs, line)
}

// checkKeyBytes refuses a key that the host would refuse, with the host's message.
func checkKeyBytes(key string) error {
	if len(key) == 0 {
		return refusedf(CacheInvalidKey, `invalid key "": a key must be 1 to %d bytes`, maxKeyBytes)
	}
	if len(key) > maxKeyBytes {
		return refusedf(CacheInvalidKey, "invalid key %s of %d bytes: a key must be 1 to %d bytes",
			excerpt(key), len(key), maxKeyBytes)
	}
	return nil
}

// checkValue refuses a value that the host would refuse, with the host's message.
func checkValue(value []byte) error {
	if len(value) > defaultValueLimit {
		return refusedf(CacheTooLarge, "value %s of %d bytes is too large: a value must be at most %d bytes here",
			excerpt(string(value)), len(value), defaultValueLimit)
	}
	found := flawOf(value, maxDepth)
	if found == nil {
		return nil
	}
	rest := "the end"
	if found.offset < len(value) {
		rest = excerpt(string(value[found.offset:]))
	}
	return refusedf(CacheInvalidValue, "invalid value at byte %d: %s, found %s",
		found.offset, found.reason, rest)
}

// excerpt returns the beginning of a text in quotes, formatted as in the host's messages.
func excerpt(text string) string {
	const most = 32
	var shown strings.Builder
	for count, char := range []rune(text) {
		if count == most {
			return `"` + shown.String() + `"...`
		}
		switch at := strings.IndexRune("\"\\\n\r\t\x00", char); {
		case at >= 0:
			shown.WriteByte('\\')
			shown.WriteByte(`"\nrt0`[at])
		case unicode.IsPrint(char):
			shown.WriteRune(char)
		default:
			fmt.Fprintf(&shown, `\u{%x}`, char)
		}
	}
	return `"` + shown.String() + `"`
}
