;; Lists a service with a line break in its name.
(data (i32.const 256) "\08\01\00\00\01\00\00\00\18\01\00\00\03\00\00\00\00\00\00\00\00\00\00\00a\0ab")
(func $services (result i32) (i32.const 256))
