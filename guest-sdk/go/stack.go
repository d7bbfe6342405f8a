//go:build wasip1

package hostel

// Go's stack grows by doubling, and each time Go scans and copies all frames. encoding/json needs a
// deep stack the first time that it processes a type. Growing the stack in advance, while it has
// few frames, saves a seventh of the time of the first call with a body.

var stackGrown bool

func growStack() {
	if !stackGrown {
		stackGrown = true
		useStack()
	}
}

//go:noinline
func useStack() {
	var room [5 << 10]byte
	keep(&room)
}

//go:noinline
func keep(*[5 << 10]byte) {}
