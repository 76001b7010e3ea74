# For tests of what is written; read with `.` after lib.sh. A program that trains at once, its run and its comparison: small.grad, run/,
# c.json.
cat >small.grad <<'GRAD'
optimizer tiny() {
  learn rate = 0.01 in (0, 1)
  learn W : [2] = 1
  x <- x - rate * g * W[0]
}
experiment small {
  train    tiny()
  on       logistic(n = 5)
  problems 4 train, 4 select, 4 test
  horizon  3
  update   adam(lr = 0.05) for 2 steps
}
GRAD
expect 0 "$GRADUS" train small.grad -o run
expect 0 "$GRADUS" compare run
cp run/comparison.json c.json
