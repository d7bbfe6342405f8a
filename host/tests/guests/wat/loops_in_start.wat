;; Never ends its instantiation.
(start $start)
(func $start (loop $again (br $again)))
