;; Lists 1,000,000 services whose names all point to the same 1 MiB of its memory.
(memory $memory (export "memory") 300)
(func $services (result i32) (local $at i32)
  (local.set $at (i32.const 1048576))
  (loop $next
    (i32.store offset=4 (local.get $at) (i32.const 1048576))
    (local.set $at (i32.add (local.get $at) (i32.const 16)))
    (br_if $next (i32.lt_u (local.get $at) (i32.const 17048576))))
  (i32.store (i32.const 256) (i32.const 1048576))
  (i32.store (i32.const 260) (i32.const 1000000))
  (i32.const 256))
