;; Lists a service whose name is not UTF-8.
(data (i32.const 256) "\08\01\00\00\01\00\00\00\18\01\00\00\02\00\00\00\00\00\00\00\00\00\00\00\c0\af")
(func $services (result i32) (i32.const 256))
