;; Traps when the host allocates memory.
(func $realloc (param i32 i32 i32 i32) (result i32) (unreachable))
