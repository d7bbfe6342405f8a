//go:build wasip1

package hostel

// Memory for the data that the host passes to the plugin: requests, and the results of host calls.
//
// The host allocates during a call, and even before the Go runtime has started. Go's allocator is
// unsuitable: an allocation may start a garbage collection, which reads the host's clock, but an
// allocation callback must not call the host. So this memory is a global array with a bump
// allocator. The array's pages cost nothing until they are touched.

import (
	"structs"
	"unsafe"
)

const (
	// Room for the largest request (8 MiB in the default configuration) with its headers, or for
	// several values of the largest size (1 MiB). In each fresh instance, Go clears the gap between
	// the plugin's data and the next 512 KiB boundary. If the linker starts the data at such a
	// boundary (-R=0x80000), this size makes the data of a small plugin end just before one, so the
	// gap is small.
	arenaBytes = 10<<20 + 5<<16
	// Room for the state that the WASI 0.1 adapter keeps for the life of an instance. The state
	// takes 128 KiB today.
	adapterBytes = 512 << 10
)

var (
	arena     [arenaBytes / 8]uint64
	arenaUsed uint32
	// The number of readers of the arena's data. Several goroutines may read at the same time, so
	// only the last one resets the arena.
	readers int
	// References to data that did not fit into the arena, so that Go does not free it.
	spilled [][]byte

	adapterArena [adapterBytes / 8]uint64
	adapterUsed  uint32
)

// reallocate allocates for the host. The host never resizes a block.
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

// spill allocates on Go's heap, for a block that does not fit into the arena. A call to the host
// may return many values, or the operator may have raised the limits. If a garbage collection is
// due at that moment, the call traps.
//
//go:noinline
func spill(size uint32) unsafe.Pointer {
	bytes := make([]byte, size)
	spilled = append(spilled, bytes)
	return unsafe.Pointer(unsafe.SliceData(bytes))
}

// reallocateAdapter allocates for the WASI 0.1 adapter, whose state must survive the reset of the
// arena. When adapterArena is full, it returns an address at which a write traps.
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

// startReading counts a reader of the arena. Call this function before each host call that may
// leave data in the arena. A request needs no such call: exportHandle sets the count itself.
func startReading() {
	readers++
}

// stopReading removes a reader. The last reader resets the arena.
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

// witList is a string or a list in the canonical ABI.
type witList struct {
	_            structs.HostLayout
	start, count uint32
}

// items returns a list that the host wrote, without copying it. It does not check the addresses:
// the canonical ABI guarantees that they are in memory that reallocate returned.
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

// listOf returns a slice in the form of the canonical ABI. The caller must keep the slice alive
// until the host has read the list.
func listOf[T any](slice []T) witList {
	start := unsafe.Pointer(unsafe.SliceData(slice))
	return witList{start: uint32(uintptr(start)), count: uint32(len(slice))}
}

// listOfText returns a string in the form of the canonical ABI. The caller must keep the string
// alive until the host has read the list.
func listOfText(text string) witList {
	start := unsafe.Pointer(unsafe.StringData(text))
	return witList{start: uint32(uintptr(start)), count: uint32(len(text))}
}
