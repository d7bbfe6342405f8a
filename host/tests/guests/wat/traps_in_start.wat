;; Traps in its instantiation.
(start $start)
(func $start (unreachable))
