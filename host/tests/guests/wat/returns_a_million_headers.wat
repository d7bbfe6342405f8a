;; Returns 1,000,000 headers that share one name. The first four bytes of the request's body are the
;; length of the name.
(memory $memory (export "memory") 300)
(func $handle (param $request i32) (result i32) (local $at i32)
  (memory.fill (i32.const 4096) (i32.const 97) (i32.const 4096))
  (local.set $at (i32.const 1048576))
  (loop $next
    (i32.store (local.get $at) (i32.const 4096))
    (i32.store offset=4 (local.get $at) (i32.load (i32.load offset=28 (local.get $request))))
    (local.set $at (i32.add (local.get $at) (i32.const 16)))
    (br_if $next (i32.lt_u (local.get $at) (i32.const 17048576))))
  (i32.store (i32.const 148) (i32.const 1048576))
  (i32.store (i32.const 152) (i32.const 1000000))
  (call $nothing))
