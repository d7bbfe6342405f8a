;; Has a memory whose pages are one byte.
(memory 1 1 (pagesize 1))
