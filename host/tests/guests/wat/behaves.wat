;; Answers its request's body: what every other guest here is but for one thing.
