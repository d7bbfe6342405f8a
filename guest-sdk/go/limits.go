package hostel

// The limits that the SDK or the fake checks. A limit has the same name, apart from the prefix and
// the case, and the same value in every SDK that defines it.
const (
	// maxKeyBytes is the maximum length of a key, in bytes of UTF-8.
	maxKeyBytes = 1024

	// defaultValueLimit is the maximum length of a value in the default configuration, in bytes.
	defaultValueLimit = 1_048_576

	// maxExpirySeconds is the maximum expiry, in seconds: ten years.
	maxExpirySeconds = 315_360_000

	// maxInteger is the maximum absolute value of an integer that Increment accepts.
	maxInteger = 9_007_199_254_740_991

	// maxKeys is the maximum number of keys in one call of a function for several keys.
	maxKeys = 1_000

	// maxDepth is the maximum nesting depth of arrays and objects in a cached value.
	maxDepth = 100

	// maxBodyDepth is the maximum nesting depth in a body. It is greater than maxDepth because a
	// body may wrap a cached value. Some common JSON parsers stop at 127
	// or 128 levels.
	maxBodyDepth = 127

	// minStatus is the lowest status code of a response.
	minStatus = 200

	// maxStatus is the highest status code of a response.
	maxStatus = 599
)
