//go:build wasip1

package hostel

// Go's stack grows by doubling, and each time every frame on it is looked at and copied. encoding/json
// goes deep the first time that it meets a type. So the stack grows before, while hardly a frame is
// on it: a seventh less work in the first call with a body.

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
