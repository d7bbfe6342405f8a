;; Has a memory with 64-bit addresses.
(memory i64 1)
