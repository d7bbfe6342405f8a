;; Never completes instantiation.
(start $start)
(func $start (loop $again (br $again)))
