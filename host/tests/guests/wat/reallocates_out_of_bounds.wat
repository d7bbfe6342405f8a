;; Gives the host the last 8 bytes of the address space for everything.
(func $realloc (param i32 i32 i32 i32) (result i32) (i32.const -8))
