;; Responds with its request's body. Every other guest here differs from this one in one respect.
