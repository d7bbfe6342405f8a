;; Has an initial memory of 1,025 pages, one more than the default limit.
(memory $memory (export "memory") 1025)
