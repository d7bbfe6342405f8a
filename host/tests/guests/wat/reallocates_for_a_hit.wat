;; Reads an entry. The first byte of the request's body selects what realloc returns for the entry's
;; text: 1, a newly added page; 2, the address of the result; 3, an address out of bounds. With 4,
;; realloc traps. With 5, the result is in the last bytes of memory.
(global $how (mut i32) (i32.const 0))
(global $free (mut i32) (i32.const 65536))
(func $handle (param $request i32) (result i32) (local $place i32)
  (call $set
    (i32.const 1024) (i32.const 6) (i32.const 1024) (i32.const 6)
    (i32.const 0) (i32.const 0) (i32.const 512))
  (global.set $how (i32.load8_u (i32.load offset=28 (local.get $request))))
  (local.set $place
    (select (i32.const 1048560) (i32.const 512) (i32.eq (global.get $how) (i32.const 5))))
  (call $get (i32.const 1024) (i32.const 6) (local.get $place))
  (i32.store (i32.const 156) (i32.load offset=8 (local.get $place)))
  (i32.store (i32.const 160) (i32.load offset=12 (local.get $place)))
  (call $nothing))
(func $realloc (param i32 i32 i32) (param $size i32) (result i32) (local $new i32)
  (if (i32.eq (global.get $how) (i32.const 1))
    (then (return (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))))
  (if (i32.eq (global.get $how) (i32.const 2)) (then (return (i32.const 512))))
  (if (i32.eq (global.get $how) (i32.const 3)) (then (return (i32.const -8))))
  (if (i32.eq (global.get $how) (i32.const 4)) (then unreachable))
  (local.set $new (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
  (global.set $free (i32.add (local.get $new) (local.get $size)))
  (local.get $new))
