;; Calls an import in post-return, which the canonical ABI forbids.
(func $post_return (param i32) (call $exists (i32.const 1024) (i32.const 6) (i32.const 512)))
