#!/bin/sh
# What `minimize`, `compare` and `plot` say besides their figures: holes, divergence, labels, what was taken from where.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >holes.grad <<'P'
optimizer holes(k = 3) {
  learn rate = 0.25 in (0, 1)
  learn W : [2, k] ~ normal(0, 1)
  x <- x - rate * tanh(sum(W)) * g
}
objective bowl2(n = 3) {
  given a : [n] ~ uniform(1, 2)
  param w : [n] = 1
  minimize sum(a * w^2)
}
experiment filling {
  train holes
  on bowl2
  horizon 4
  score final(log(f))
  problems 4 train, 2 select, 4 test
  update adam(lr = 0.01) for 2 steps
  against adam
}
P
# Holes that no run fills are named with what they start from, by each command that uses the rule.
named='`holes` has holes, and no run fills them; they are'
start='as they are written: rate = 0.25, W : [2, 3] ~ normal(0, 1)'
expect 0 "$GRADUS" minimize holes.grad bowl2 --with holes --steps 3
has err "$named used $start"
expect 0 "$GRADUS" compare holes.grad holes adam --on bowl2 --steps 3 --train 4 --test 4
has err "$named used $start"
expect 0 "$GRADUS" emit c holes.grad holes -o c
has err "$named emitted $start"
expect 0 "$GRADUS" minimize holes.grad bowl2 --with adam --steps 3
lacks err holes
finish
