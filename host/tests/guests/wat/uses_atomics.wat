;; Uses an instruction of the threads proposal.
(func (result i32) (i32.atomic.load (i32.const 0)))
