;; Says that its request's body is the result, byte for byte.
(func $handle (param $request i32) (result i32) (i32.load offset=28 (local.get $request)))
