//go:build wasip1

package hostel

import "unsafe"

//go:wasmimport hostel:cache/lease@0.1.1 get-or-lease
//go:noescape
func hostGetOrLease(key string, hasEarly, early, waitMillis uint32, result *witResult)

//go:wasmimport hostel:cache/lease@0.1.1 fill
//go:noescape
func hostFill(key string, value unsafe.Pointer, valueBytes, hasExpiry, seconds uint32, result *witResult)

//go:wasmimport hostel:cache/lease@0.1.1 release
//go:noescape
func hostRelease(key string, result *witResult)

// getOrLease returns a value without copying it. For foundValue and foundRefresh, the caller must
// call done after reading the value.
func (host) getOrLease(key string, early, waitMillis uint32) (found leaseFound, value []byte, err error) {
	startReading()
	hostGetOrLease(key, hasSome(early), early, waitMillis, &result)
	if result.isError != 0 {
		err = result.refusal()
	} else {
		found = leaseFound(result.tag())
		if found == foundValue || found == foundRefresh {
			return found, items[byte](result.list(1)), nil
		}
	}
	stopReading()
	return found, nil, err
}

func (host) fill(key string, value []byte, seconds uint32) (bool, error) {
	startReading()
	hostFill(key, unsafe.Pointer(unsafe.SliceData(value)), uint32(len(value)),
		hasSome(seconds), seconds, &result)
	return flag()
}

func (host) release(key string) error {
	startReading()
	hostRelease(key, &result)
	_, err := flag()
	return err
}
