;; Has a memory that threads could share.
(memory 1 1 shared)
