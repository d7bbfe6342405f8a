;; Has a table with an initial size of nearly ten million elements.
(table 9999999 funcref)
