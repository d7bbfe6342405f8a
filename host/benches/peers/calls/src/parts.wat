;; A guest that does as little as a component can: it calls one function in a loop.
(component
  (import "nothing" (func $nothing))
  (core func $lowered (canon lower (func $nothing)))

  (core module $loop
    (import "" "nothing" (func $nothing))
    (func (export "nothing") (param $calls i32)
      (loop $again
        (call $nothing)
        (br_if $again (local.tee $calls (i32.sub (local.get $calls) (i32.const 1)))))))
  (core instance $loops
    (instantiate $loop (with "" (instance (export "nothing" (func $lowered))))))

  (func (export "nothing") (param "calls" u32) (canon lift (core func $loops "nothing"))))
