;; Answers, and then never gives the answer's memory back.
(func $post_return (param i32) (loop $again (br $again)))
