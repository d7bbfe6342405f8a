;; Has a table with an initial size of 2^32-1 elements.
(table 4294967295 funcref)
