package hostel

import "fmt"

// CacheErrorKind is the reason why a cache call failed. No kinds will be added.
type CacheErrorKind uint8

const (
	// CacheInvalidKey: the key is empty, longer than 1,024 bytes, or not UTF-8; or a prefix is not
	// UTF-8.
	CacheInvalidKey CacheErrorKind = iota
	// CacheInvalidValue: the value has no JSON form that every language can read, does not fit the
	// requested type, or is data that another program stored in Redis. For a raw text: it is not
	// JSON that the cache accepts. For [Cache.Increment]: the delta, the stored value or the sum is
	// not an integer from -(2^53 - 1) to 2^53 - 1. Also: JSON cannot be read into the target.
	CacheInvalidValue
	// CacheInvalidExpiry: the expiry is not a whole number of seconds from 1 to 315,360,000, or the
	// duration of [Early] is invalid.
	CacheInvalidExpiry
	// CacheTooLarge: a value is longer than the cache allows, the values that [GetMany] reads are
	// together longer than the host allows, or the call has more than 1,000 keys.
	CacheTooLarge
	// CacheDenied: the plugin has no permission for this call, or the cache does not support
	// [GetOrSet] for this key.
	CacheDenied
	// CacheUnavailable: the backend of the cache failed or did not respond in time. Except for
	// [Take], this is the only kind after which an entry may have changed.
	CacheUnavailable
)

var cacheErrorKinds = [...]string{
	"invalid-key", "invalid-value", "invalid-expiry", "too-large", "denied", "unavailable",
}

// String returns the kind's name in WIT, for example invalid-key.
func (k CacheErrorKind) String() string {
	return nameOf(cacheErrorKinds[:], int(k))
}

// CacheError is the error of a failed cache call.
//
// A handler that returns it fails with a [Failure] of kind [FailureUnavailable] for
// [CacheUnavailable], and of kind [FailureInternal] for every other kind.
type CacheError struct {
	// Kind is for programs.
	Kind CacheErrorKind
	// Message is for people: the reason, usually with the shortened argument and the rule or limit.
	Message string
}

// Error returns the message.
func (e *CacheError) Error() string {
	return e.Message
}

func refusedf(kind CacheErrorKind, format string, arguments ...any) error {
	return &CacheError{kind, fmt.Sprintf(format, arguments...)}
}
