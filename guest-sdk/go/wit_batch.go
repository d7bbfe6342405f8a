//go:build wasip1

package hostel

import (
	"runtime/debug"
	"structs"
	"unsafe"
)

//go:wasmimport hostel:cache/batch@0.1.1 get-many
//go:noescape
func hostGetMany(keys unsafe.Pointer, keyCount uint32, result *witResult)

//go:wasmimport hostel:cache/batch@0.1.1 set-many
//go:noescape
func hostSetMany(entries unsafe.Pointer, entryCount, hasExpiry, seconds uint32, result *witResult)

//go:wasmimport hostel:cache/batch@0.1.1 delete-many
//go:noescape
func hostDeleteMany(keys unsafe.Pointer, keyCount uint32, result *witResult)

// witOption is an `option<string>` in memory.
type witOption struct {
	_       structs.HostLayout
	hasText uint8
	_       [3]uint8
	text    witList
}

// arenaValues is the number of values of the default maximum length that fit into the arena.
const arenaValues = arenaBytes / defaultValueLimit

// sent keeps the texts alive while the host reads lists with their addresses. It also keeps the
// texts off the stack, which moves when it grows.
var sent struct {
	keys    []string
	entries []textEntry
}

// getMany returns values without copying them, and nil for a missing entry. Unless there is an
// error, the caller must call done after reading the values.
func (host) getMany(keys []string) ([][]byte, error) {
	startReading()
	lists := listsOf(keys)
	if len(keys) > arenaValues {
		// Values that do not fit into the arena are allocated on Go's heap. A garbage collection
		// during such an allocation would trap. Disabling it costs about 10 µs.
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
	}
	hostGetMany(unsafe.Pointer(unsafe.SliceData(lists)), uint32(len(lists)), &result)
	sent.keys = nil
	if result.isError != 0 {
		err := result.refusal()
		stopReading()
		return nil, err
	}
	options := items[witOption](result.list(0))
	values := make([][]byte, len(options))
	for i := range options {
		if options[i].hasText != 0 {
			values[i] = items[byte](options[i].text)
		}
	}
	return values, nil
}

// listsOf returns texts in the form of the canonical ABI, and keeps the texts alive in sent.keys.
func listsOf(texts []string) []witList {
	sent.keys = texts
	lists := make([]witList, len(texts))
	for i, text := range texts {
		lists[i] = listOfText(text)
	}
	return lists
}

func (host) setMany(entries []textEntry, seconds uint32) error {
	startReading()
	sent.entries = entries
	pairs := make([]witPair, len(entries))
	for i, entry := range entries {
		pairs[i] = witPair{name: listOfText(entry.key), value: listOfText(entry.text)}
	}
	hostSetMany(unsafe.Pointer(unsafe.SliceData(pairs)), uint32(len(pairs)), hasSome(seconds), seconds, &result)
	sent.entries = nil
	_, err := flag()
	return err
}

func (host) deleteMany(keys []string) (uint32, error) {
	startReading()
	defer stopReading()
	lists := listsOf(keys)
	hostDeleteMany(unsafe.Pointer(unsafe.SliceData(lists)), uint32(len(lists)), &result)
	sent.keys = nil
	if result.isError != 0 {
		return 0, result.refusal()
	}
	return result.words[0], nil
}
