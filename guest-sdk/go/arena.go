//go:build wasip1

package hostel

// Where the host puts what it hands over: a request, and the answers of the cache.
//
// The host asks for memory in the middle of a call, and even before the Go runtime is up. Go's own
// allocator cannot serve it: an allocation may start a collection, which reads a clock, and whoever
// is asked for memory may call nothing. So the memory is a global array that is handed out from one
// end. Its pages cost nothing until they are touched.

import (
	"structs"
	"unsafe"
)

const (
	// Room for the largest request (8 MiB unless configured otherwise) with its headers, or for the
	// largest value of a cache (1 MiB) several times. The odd end makes a plugin's data end right
	// before a block of the Go heap, of 512 KiB, if the linker begins it at one (-R=0x80000): Go
	// clears what lies between in each fresh instance.
	arenaBytes = 10<<20 + 5<<16
	// Room for what the adapter of WASI 0.1 keeps for the life of an instance, 128 KiB today.
	adapterBytes = 512 << 10
)

var (
	arena     [arenaBytes / 8]uint64
	arenaUsed uint32
	// How many still read what is in the arena. Goroutines may take turns in the middle of reading,
	// so it is emptied when the last one is done.
	readers int
	// What did not fit into the arena, kept alive.
	spilled [][]byte

	adapterArena [adapterBytes / 8]uint64
	adapterUsed  uint32
)

// reallocate serves the host. It is never asked to change the size of a block.
//
//go:wasmexport cabi_realloc
//go:nosplit
func reallocate(_ unsafe.Pointer, _, align, size uint32) unsafe.Pointer {
	start := (arenaUsed + align - 1) &^ (align - 1)
	if size > arenaBytes-start {
		return spill(size)
	}
	arenaUsed = start + size
	return unsafe.Add(unsafe.Pointer(&arena), start)
}

// spill takes from Go's heap what is too large for the arena: many values at once, or one where
// limits were raised. Should a collection be due at that moment, the call traps.
//
//go:noinline
func spill(size uint32) unsafe.Pointer {
	bytes := make([]byte, size)
	spilled = append(spilled, bytes)
	return unsafe.Pointer(unsafe.SliceData(bytes))
}

// reallocateAdapter serves the adapter of WASI 0.1, whose state would be lost if it were in what is
// emptied after a call. Without room it answers an address at which writing traps.
//
//go:wasmexport cabi_realloc_adapter
//go:nosplit
func reallocateAdapter(_ unsafe.Pointer, _, align, size uint32) unsafe.Pointer {
	start := (adapterUsed + align - 1) &^ (align - 1)
	if size > adapterBytes-start {
		return unsafe.Add(unsafe.Pointer(nil), 1<<32-8)
	}
	adapterUsed = start + size
	return unsafe.Add(unsafe.Pointer(&adapterArena), start)
}

// startReading goes before each call that leaves something in the arena, and before the first look
// at a request.
func startReading() {
	readers++
}

// stopReading ends what startReading began.
func stopReading() {
	readers--
	if readers > 0 {
		return
	}
	arenaUsed = 0
	if spilled != nil {
		spilled = nil
	}
}

// witList is a string or a list as the host writes and reads it.
type witList struct {
	_            structs.HostLayout
	start, count uint32
}

// items are those of a list that the host wrote, in place. Its addresses are not checked: they are
// what the canonical ABI made of memory that was given out here.
func items[T any](l witList) []T {
	if l.count == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Add(unsafe.Pointer(nil), l.start)), l.count)
}

func (l witList) string() string {
	return string(items[byte](l))
}

func (l witList) bytes() []byte {
	return append([]byte(nil), items[byte](l)...)
}

// listOf is a slice for the host to read. The caller keeps the slice alive until then.
func listOf[T any](slice []T) witList {
	start := unsafe.Pointer(unsafe.SliceData(slice))
	return witList{start: uint32(uintptr(start)), count: uint32(len(slice))}
}

// listOfText is a string for the host to read, and to be kept alive too.
func listOfText(text string) witList {
	start := unsafe.Pointer(unsafe.StringData(text))
	return witList{start: uint32(uintptr(start)), count: uint32(len(text))}
}
