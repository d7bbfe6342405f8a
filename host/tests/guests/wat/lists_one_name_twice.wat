;; Lists two services named `ab`.
(data (i32.const 256) "\08\01\00\00\02\00\00\00")
(data (i32.const 264) "\28\01\00\00\02\00\00\00\00\00\00\00\00\00\00\00")
(data (i32.const 280) "\28\01\00\00\02\00\00\00\00\00\00\00\00\00\00\00")
(data (i32.const 296) "ab")
(func $services (result i32) (i32.const 256))
