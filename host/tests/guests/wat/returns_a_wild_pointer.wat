;; Returns a result pointer taken from the first four bytes of the request's body.
(func $handle (param $request i32) (result i32)
  (i32.load (i32.load offset=28 (local.get $request))))
