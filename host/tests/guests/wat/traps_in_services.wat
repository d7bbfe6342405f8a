;; Traps when it is asked for its services.
(func $services (result i32) (unreachable))
