;; Wants 1,025 pages to begin with, one more than the default limit.
(memory $memory (export "memory") 1025)
