;; Responds with its request's body. Every other guest here differs from it in one respect.
