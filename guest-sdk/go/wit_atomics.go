//go:build wasip1

package hostel

import (
	"structs"
	"unsafe"
)

//go:wasmimport hostel:cache/atomics@0.1.1 set-if-absent
//go:noescape
func hostSetIfAbsent(key string, value unsafe.Pointer, valueBytes, hasExpiry, seconds uint32, result *witResult)

//go:wasmimport hostel:cache/atomics@0.1.1 increment
//go:noescape
func hostIncrement(key string, delta float64, hasExpiry, seconds uint32, sum *witSum)

//go:wasmimport hostel:cache/atomics@0.1.1 compare-and-swap
//go:noescape
func hostCompareAndSwap(
	key string, hasExpected uint32, expected string, hasWanted uint32, wanted string,
	lifetime, seconds uint32, result *witResult,
)

//go:wasmimport hostel:cache/atomics@0.1.1 take
//go:noescape
func hostTake(key string, result *witResult)

// witSum is `result<integer, error>`. It is separate from witResult because its float is aligned to
// 8 bytes.
type witSum struct {
	_       structs.HostLayout
	isError uint8
	_       [7]uint8
	value   struct {
		_     structs.HostLayout
		float float64
		_     uint64
	}
}

// witError is the error of a witSum. It is stored at the address of the float.
type witError struct {
	_       structs.HostLayout
	kind    uint8
	_       [3]uint8
	message witList
}

// sum receives the results of hostIncrement.
var sum witSum

func (host) setIfAbsent(key string, value []byte, seconds uint32) (bool, error) {
	startReading()
	hostSetIfAbsent(key, unsafe.Pointer(unsafe.SliceData(value)), uint32(len(value)),
		hasSome(seconds), seconds, &result)
	return flag()
}

// increment passes the integers as floats, which represent integers within ±(2^53 - 1) exactly.
func (host) increment(key string, delta int64, seconds uint32) (int64, error) {
	startReading()
	defer stopReading()
	hostIncrement(key, float64(delta), hasSome(seconds), seconds, &sum)
	if sum.isError != 0 {
		refused := (*witError)(unsafe.Pointer(&sum.value))
		return 0, refusalOf(refused.kind, refused.message)
	}
	return int64(sum.value.float), nil
}

func (host) compareAndSwap(
	key string, expected, wanted *string, lifetime lifetime, seconds uint32,
) (Swap, error) {
	startReading()
	defer stopReading()
	hasExpected, expectedText := optional(expected)
	hasWanted, wantedText := optional(wanted)
	hostCompareAndSwap(key, hasExpected, expectedText, hasWanted, wantedText,
		uint32(lifetime), seconds, &result)
	switch {
	case result.isError != 0:
		return Swap{}, result.refusal()
	case result.tag() == 0:
		return Swap{Swapped: true}, nil
	}
	return Swap{Current: result.option(1)}, nil
}

// optional returns the two parts of an `option<string>`.
func optional(text *string) (has uint32, some string) {
	if text == nil {
		return 0, ""
	}
	return 1, *text
}

// take returns a value without copying it, like get.
func (host) take(key string) (value []byte, found bool, err error) {
	startReading()
	hostTake(key, &result)
	return inPlace()
}
