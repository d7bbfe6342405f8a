;; Logs and sets a key in Latin-1 and a value in UTF-16, each tagged as such, and responds with the
;; value from the cache. That value is UTF-16, tagged in its length, because it contains a character
;; that Latin-1 lacks.
(data (i32.const 256) "k\e9\ff")
(data (i32.const 288) "\22\00\3d\d8\0e\dc\22\00")
(func $handle (param $request i32) (result i32)
  (call $log (i32.const 1) (i32.const 256) (i32.const 3))
  (call $set
    (i32.const 256) (i32.const 3) (i32.const 288) (i32.const 0x80000004)
    (i32.const 0) (i32.const 0) (i32.const 512))
  (call $get (i32.const 256) (i32.const 3) (i32.const 512))
  (if (i32.ne (i32.load (i32.const 524)) (i32.const 0x80000004)) (then (unreachable)))
  (i32.store (i32.const 156) (i32.load (i32.const 520)))
  (i32.store (i32.const 160) (i32.const 8))
  (call $nothing))
