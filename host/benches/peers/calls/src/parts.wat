;; A guest that does as little as a component can: it makes each call in a loop. What one call costs
;; more than the other is the price of what it does more.
(component
  (import "parts" (instance $parts
    (export "nothing" (func))
    (export "take" (func (param "key" string)))))

  (core module $memory
    (memory (export "memory") 1)
    (data (i32.const 16) "user:123"))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $mem))

  (core func $nothing (canon lower (func $parts "nothing")))
  (core func $take (canon lower (func $parts "take") (memory $mem)))

  (core module $loops
    (import "parts" "nothing" (func $nothing))
    (import "parts" "take" (func $take (param i32 i32)))
    (func (export "nothing") (param $calls i32)
      (loop $again
        (call $nothing)
        (br_if $again (local.tee $calls (i32.sub (local.get $calls) (i32.const 1))))))
    (func (export "take") (param $calls i32)
      (loop $again
        (call $take (i32.const 16) (i32.const 8))
        (br_if $again (local.tee $calls (i32.sub (local.get $calls) (i32.const 1)))))))
  (core instance $loops (instantiate $loops (with "parts" (instance
    (export "nothing" (func $nothing))
    (export "take" (func $take))))))

  (func (export "nothing") (param "calls" u32) (canon lift (core func $loops "nothing")))
  (func (export "take") (param "calls" u32) (canon lift (core func $loops "take"))))
