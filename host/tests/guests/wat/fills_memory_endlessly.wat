;; Fills nearly all of its memory again and again: each instruction takes milliseconds.
(memory $memory (export "memory") 1000)
(func $handle (param $request i32) (result i32)
  (loop $again
    (memory.fill (i32.const 0) (i32.const 90) (i32.const 65536000))
    (br $again))
  (unreachable))
