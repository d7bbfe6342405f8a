;; Does nothing but call the cache.
(func $handle (param $request i32) (result i32)
  (loop $again
    (call $exists (i32.const 1024) (i32.const 6) (i32.const 512))
    (br $again))
  (unreachable))
