;; Traps unless its memory and its global are fresh, then overwrites both.
(memory $memory (export "memory") 16)
(global $seen (mut i32) (i32.const 0))
(func $handle (param $request i32) (result i32) (local $at i32)
  (if (global.get $seen) (then (unreachable)))
  (global.set $seen (i32.const 1))
  (local.set $at (i32.const 131072))
  (loop $next
    (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (unreachable)))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $next (i32.lt_u (local.get $at) (i32.const 1048576))))
  (memory.fill (i32.const 131072) (i32.const 90) (i32.const 917504))
  (call $nothing))
