//go:build wasip1

package hostel

//go:wasmimport hostel:cache/entries@0.1.1 ttl
//go:noescape
func hostTTL(key string, result *witResult)

//go:wasmimport hostel:cache/entries@0.1.1 expire
//go:noescape
func hostExpire(key string, hasExpiry, seconds uint32, result *witResult)

//go:wasmimport hostel:cache/entries@0.1.1 keys
//go:noescape
func hostKeys(prefix string, hasCursor uint32, cursor string, result *witResult)

//go:wasmimport hostel:cache/entries@0.1.1 delete-prefix
//go:noescape
func hostDeletePrefix(prefix string, hasCursor uint32, cursor string, result *witResult)

func (host) ttl(key string) (kind timeLeft, seconds uint32, err error) {
	startReading()
	defer stopReading()
	hostTTL(key, &result)
	if result.isError != 0 {
		return 0, 0, result.refusal()
	}
	return timeLeft(result.tag()), result.words[1], nil
}

func (host) expire(key string, seconds uint32) (bool, error) {
	startReading()
	hostExpire(key, hasSome(seconds), seconds, &result)
	return flag()
}

// keys returns a page of keys and the cursor of the next page. After the last page, the cursor is
// nil.
func (host) keys(prefix string, cursor *string) (keys []string, next *string, err error) {
	startReading()
	defer stopReading()
	hasCursor, text := optional(cursor)
	hostKeys(prefix, hasCursor, text, &result)
	if result.isError != 0 {
		return nil, nil, result.refusal()
	}
	for _, key := range items[witList](result.list(0)) {
		keys = append(keys, key.string())
	}
	return keys, result.option(2), nil
}

// deletePrefix removes the entries of a page. It returns their number and the cursor of the next
// page. After the last page, the cursor is nil.
func (host) deletePrefix(prefix string, cursor *string) (removed uint32, next *string, err error) {
	startReading()
	defer stopReading()
	hasCursor, text := optional(cursor)
	hostDeletePrefix(prefix, hasCursor, text, &result)
	if result.isError != 0 {
		return 0, nil, result.refusal()
	}
	return result.words[0], result.option(1), nil
}
