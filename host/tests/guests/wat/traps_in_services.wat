;; Traps when the host requests its services.
(func $services (result i32) (unreachable))
