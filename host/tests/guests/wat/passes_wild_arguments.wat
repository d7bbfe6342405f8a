;; Calls `set` with the seven numbers in its request's body, or `log` if the body has three.
(data (i32.const 1040) "\3d\d8\22\00")
(func $handle (param $request i32) (result i32) (local $body i32)
  (local.set $body (i32.load offset=28 (local.get $request)))
  (if (i32.eq (i32.load offset=32 (local.get $request)) (i32.const 12))
    (then
      (call $log
        (i32.load (local.get $body))
        (i32.load offset=4 (local.get $body))
        (i32.load offset=8 (local.get $body))))
    (else
      (call $set
        (i32.load (local.get $body))
        (i32.load offset=4 (local.get $body))
        (i32.load offset=8 (local.get $body))
        (i32.load offset=12 (local.get $body))
        (i32.load offset=16 (local.get $body))
        (i32.load offset=20 (local.get $body))
        (i32.load offset=24 (local.get $body)))))
  (call $nothing))
