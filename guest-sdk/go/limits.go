package hostel

// The limits of the contract, by the same names and values in every language's SDK.
const (
	// maxKeyBytes is the longest key, in bytes of UTF-8.
	maxKeyBytes = 1024

	// defaultValueLimit is the longest value of a cache that is not configured otherwise, in bytes:
	// 1 MiB.
	defaultValueLimit = 1_048_576

	// maxExpirySeconds is the longest expiry, in seconds: ten years.
	maxExpirySeconds = 315_360_000

	// maxInteger is the largest integer that can be added to, and the smallest one without its
	// sign.
	maxInteger = 9_007_199_254_740_991

	// maxKeys is the most keys of one call for several.
	maxKeys = 1_000

	// maxDepth is the most arrays and objects inside one another in a value.
	maxDepth = 100

	// maxBodyDepth is the same in a body, which may hold a value and more; common readers of JSON
	// read so many.
	maxBodyDepth = 127

	// minStatus is the least status code of a response.
	minStatus = 200

	// maxStatus is the greatest status code of a response.
	maxStatus = 599
)
