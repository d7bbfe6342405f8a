;; Traps during instantiation.
(start $start)
(func $start (unreachable))
