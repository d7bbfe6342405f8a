;; A guest that does as little as a component can: it makes each call in a loop, and always has the
;; same place for an answer. What one call costs more than the one before it is the price of what
;; it does more.
(component
  (import "parts" (instance $parts
    (export "nothing" (func))
    (export "take" (func (param "key" string)))
    (export "read" (func (param "key" string)))
    (export "miss" (func (param "key" string) (result (result (option string) (error string)))))
    (export "get" (func (param "key" string) (result (result (option string) (error string)))))))

  (core module $memory
    (memory (export "memory") 1)
    (data (i32.const 16) "user:123")
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $mem))
  (alias core export $memory "realloc" (core func $realloc))

  (core func $nothing (canon lower (func $parts "nothing")))
  (core func $take (canon lower (func $parts "take") (memory $mem)))
  (core func $read (canon lower (func $parts "read") (memory $mem)))
  (core func $miss (canon lower (func $parts "miss") (memory $mem) (realloc $realloc)))
  (core func $get (canon lower (func $parts "get") (memory $mem) (realloc $realloc)))

  (core module $loops
    (import "parts" "nothing" (func $nothing))
    (import "parts" "take" (func $take (param i32 i32)))
    (import "parts" "read" (func $read (param i32 i32)))
    (import "parts" "miss" (func $miss (param i32 i32 i32)))
    (import "parts" "get" (func $get (param i32 i32 i32)))
    (func (export "nothing") (param $calls i32)
      (loop $again
        (call $nothing)
        (br_if $again (local.tee $calls (i32.sub (local.get $calls) (i32.const 1))))))
    (func (export "take") (param $calls i32)
      (loop $again
        (call $take (i32.const 16) (i32.const 8))
        (br_if $again (local.tee $calls (i32.sub (local.get $calls) (i32.const 1))))))
    (func (export "read") (param $calls i32)
      (loop $again
        (call $read (i32.const 16) (i32.const 8))
        (br_if $again (local.tee $calls (i32.sub (local.get $calls) (i32.const 1))))))
    (func (export "miss") (param $calls i32)
      (loop $again
        (call $miss (i32.const 16) (i32.const 8) (i32.const 64))
        (br_if $again (local.tee $calls (i32.sub (local.get $calls) (i32.const 1))))))
    (func (export "get") (param $calls i32)
      (loop $again
        (call $get (i32.const 16) (i32.const 8) (i32.const 64))
        (br_if $again (local.tee $calls (i32.sub (local.get $calls) (i32.const 1)))))))
  (core instance $loops (instantiate $loops (with "parts" (instance
    (export "nothing" (func $nothing))
    (export "take" (func $take))
    (export "read" (func $read))
    (export "miss" (func $miss))
    (export "get" (func $get))))))

  (func (export "nothing") (param "calls" u32) (canon lift (core func $loops "nothing")))
  (func (export "take") (param "calls" u32) (canon lift (core func $loops "take")))
  (func (export "read") (param "calls" u32) (canon lift (core func $loops "read")))
  (func (export "miss") (param "calls" u32) (canon lift (core func $loops "miss")))
  (func (export "get") (param "calls" u32) (canon lift (core func $loops "get"))))
