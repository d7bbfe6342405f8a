package hostel

// The limits of the contract, with the same names and values in the SDK of every language.
const (
	// maxKeyBytes is the longest key, in bytes of UTF-8.
	maxKeyBytes = 1024

	// defaultValueLimit is the longest value of a cache in the default configuration, in bytes: 1
	// MiB.
	defaultValueLimit = 1_048_576

	// maxExpirySeconds is the longest expiry, in seconds: ten years.
	maxExpirySeconds = 315_360_000

	// maxInteger is the largest magnitude of an integer that Increment works on.
	maxInteger = 9_007_199_254_740_991

	// maxKeys is the most keys per call of the functions for several keys.
	maxKeys = 1_000

	// maxDepth is the deepest nesting of arrays and objects in a cached value.
	maxDepth = 100

	// maxBodyDepth is the same for a body. It is larger because a body may wrap a cached value;
	// common JSON parsers accept this depth.
	maxBodyDepth = 127

	// minStatus is the lowest status code of a response.
	minStatus = 200

	// maxStatus is the highest status code of a response.
	maxStatus = 599
)
