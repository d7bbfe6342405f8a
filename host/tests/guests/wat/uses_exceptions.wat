;; Throws an exception of its own.
(tag $tag)
(func (throw $tag))
