;; Responds, then never returns from post-return.
(func $post_return (param i32) (loop $again (br $again)))
