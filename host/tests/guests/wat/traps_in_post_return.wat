;; Responds, then traps.
(func $post_return (param i32) (unreachable))
