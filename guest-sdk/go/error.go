package hostel

import "fmt"

// CacheErrorKind is why a call of the cache was refused. The set is closed.
type CacheErrorKind uint8

const (
	// CacheInvalidKey: the key is empty, longer than 1,024 bytes, or not UTF-8.
	CacheInvalidKey CacheErrorKind = iota
	// CacheInvalidValue: the value has no JSON form that every language can read, or does not fit
	// the type asked for.
	CacheInvalidValue
	// CacheInvalidExpiry: the expiry is not a whole number of seconds, or not 1 to 315,360,000 of
	// them.
	CacheInvalidExpiry
	// CacheTooLarge: the value is longer than the cache allows, or a call has more than 1,000 keys.
	CacheTooLarge
	// CacheDenied: the plugin has no permission for this call.
	CacheDenied
	// CacheUnavailable: the backend of the cache did not respond in time. The only kind after which
	// a write may have happened.
	CacheUnavailable
)

var cacheErrorKinds = [...]string{
	"invalid-key", "invalid-value", "invalid-expiry", "too-large", "denied", "unavailable",
}

// String is the kind as the contract spells it, invalid-key for example.
func (k CacheErrorKind) String() string {
	return nameOf(cacheErrorKinds[:], int(k))
}

// CacheError is a refused call of the cache.
//
// Returned by a handler it becomes a [Failure]: [CacheUnavailable] becomes [FailureUnavailable],
// every other kind [FailureInternal].
type CacheError struct {
	// Kind is for programs.
	Kind CacheErrorKind
	// Message is for people: the offending value, shortened, and the rule or limit.
	Message string
}

// Error is the message.
func (e *CacheError) Error() string {
	return e.Message
}

func refusedf(kind CacheErrorKind, format string, arguments ...any) error {
	return &CacheError{kind, fmt.Sprintf(format, arguments...)}
}
