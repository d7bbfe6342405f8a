;; Passes its request's body, without the first byte, as a key, a value or a message; the first byte
;; selects which.
(func $handle (param $request i32) (result i32) (local $which i32) (local $at i32) (local $len i32)
  (local.set $at (i32.load offset=28 (local.get $request)))
  (local.set $which (i32.load8_u (local.get $at)))
  (local.set $at (i32.add (local.get $at) (i32.const 1)))
  (local.set $len (i32.sub (i32.load offset=32 (local.get $request)) (i32.const 1)))
  (if (i32.eq (local.get $which) (i32.const 0))
    (then (call $exists (local.get $at) (local.get $len) (i32.const 512))))
  (if (i32.eq (local.get $which) (i32.const 1))
    (then
      (call $set
        (i32.const 1024) (i32.const 6) (local.get $at) (local.get $len)
        (i32.const 0) (i32.const 0) (i32.const 512))))
  (if (i32.eq (local.get $which) (i32.const 2))
    (then (call $log (i32.const 1) (local.get $at) (local.get $len))))
  (call $nothing))
