;; Allocates an array on the engine's heap.
(type $array (array i8))
(func (drop (array.new_default $array (i32.const -2147483648))))
