;; Lists a service whose name is 1 MiB of zeros.
(memory $memory (export "memory") 32)
(data (i32.const 256) "\08\01\00\00\01\00\00\00\00\00\10\00\00\00\10\00\00\00\00\00\00\00\00\00")
(func $services (result i32) (i32.const 256))
