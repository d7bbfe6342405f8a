;; Logs and sets a key in UTF-16, and responds with the value from the cache.
(data (i32.const 256) "k\00\3e\01\fa\00\0d\01\3d\d8\0e\dc")
(data (i32.const 288) "\22\00\3d\d8\0e\dc\22\00")
(func $handle (param $request i32) (result i32)
  (call $log (i32.const 1) (i32.const 256) (i32.const 6))
  (call $set
    (i32.const 256) (i32.const 6) (i32.const 288) (i32.const 4)
    (i32.const 0) (i32.const 0) (i32.const 512))
  (call $get (i32.const 256) (i32.const 6) (i32.const 512))
  (i32.store (i32.const 156) (i32.load (i32.const 520)))
  (i32.store (i32.const 160) (i32.mul (i32.load (i32.const 524)) (i32.const 2)))
  (call $nothing))
