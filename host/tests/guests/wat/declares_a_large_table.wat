;; Wants a table of nearly ten million elements to begin with.
(table 9999999 funcref)
