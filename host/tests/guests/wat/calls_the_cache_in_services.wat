;; Calls the cache while it lists its services, and traps unless the result is `denied`, the fifth
;; error kind.
(data (i32.const 256) "\08\01\00\00\01\00\00\00\18\01\00\00\04\00\00\00\00\00\00\00\00\00\00\00echo")
(func $services (result i32)
  (call $set
    (i32.const 1024) (i32.const 6) (i32.const 1024) (i32.const 6)
    (i32.const 0) (i32.const 0) (i32.const 512))
  (if (i32.ne (i32.load8_u (i32.const 512)) (i32.const 1)) (then (unreachable)))
  (if (i32.ne (i32.load8_u (i32.const 516)) (i32.const 4)) (then (unreachable)))
  (call $log (i32.const 1) (i32.load (i32.const 520)) (i32.load (i32.const 524)))
  (i32.const 256))
