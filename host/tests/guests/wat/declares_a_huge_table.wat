;; Wants a table of 2^32-1 elements to begin with.
(table 4294967295 funcref)
