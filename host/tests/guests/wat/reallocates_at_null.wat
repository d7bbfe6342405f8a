;; Gives the host address 0 for everything: all of a request lies on one place.
(func $realloc (param i32 i32 i32 i32) (result i32) (i32.const 0))
(func $handle (param $request i32) (result i32) (call $nothing))
