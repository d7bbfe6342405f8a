;; Gives the host an odd address for everything.
(func $realloc (param i32 i32 i32 i32) (result i32) (i32.const 4097))
