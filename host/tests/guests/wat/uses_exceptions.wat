;; Throws an exception with its own tag.
(tag $tag)
(func (throw $tag))
