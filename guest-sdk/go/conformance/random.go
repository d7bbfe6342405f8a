package main

import (
	crypto "crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	old "math/rand"
	"math/rand/v2"
)

// random draws numbers from random sources of Go's standard library and runtime.
func random() []string {
	secret := make([]byte, 16)
	// crypto/rand.Read is documented never to return an error.
	_, _ = crypto.Read(secret)
	numbers := make(map[int]bool)
	for i := range 64 {
		numbers[i] = true
	}
	order := make([]byte, 0, len(numbers))
	for i := range numbers {
		order = append(order, byte(i))
	}
	return []string{
		fmt.Sprintf("math/rand:%d", old.Int63()),
		fmt.Sprintf("math/rand/v2:%d", rand.Uint64()),
		fmt.Sprintf("crypto/rand:%s", hex.EncodeToString(secret)),
		fmt.Sprintf("hash/maphash:%d", maphash.String(maphash.MakeSeed(), "same")),
		fmt.Sprintf("order of a map:%s", hex.EncodeToString(order)),
	}
}
