# No rule of the library makes a number that is not finite where there is nothing to do: at a minimum, where f and g are 0, and where
# their squares underflow; in tensors of several ranks, in either precision.
. "$SOURCE_DIR/tests/command/lib.sh"
cat >rest.grad <<'E2'
objective at_minimum(n = 4) {
  param x : [n] = 0
  minimize sum(x^2) / 2
  residuals x
}
objective tiny(n = 4) {
  param x[i in n] = 1e-160 * (i + 1)
  minimize sum(x^2) / 2
  residuals x
}
objective tensors_at_rest() {
  param A : [3, 2] = 0.5
  param B : [2, 1, 3] = 0.5
  param c : real = 0
  param d : [2] = 1
  minimize sum(A - A) + sum(B - B) + c^2 + sum(d^2)
}
objective tiny_tensors() {
  param A : [3, 2] = 0.5
  param B : [2, 1, 3] = 0.5
  param d : [2] = 1
  minimize 1e-22 * (sum(A^2) + sum(B^2)) + sum(d^2)
}
E2
rules=0
library Optimizers >names
while read -r rule; do
	rules=$((rules + 1))
	for objective in at_minimum tiny; do
		expect 0 "$GRADUS" minimize rest.grad $objective --with "$rule" --steps 30 --precision f64 --interpret --json
		has out '"not_finite": 0'
	done
	for objective in tensors_at_rest tiny_tensors; do
		expect 0 "$GRADUS" minimize rest.grad $objective --with "$rule" --steps 12 --precision f32 --interpret --json
		has out '"not_finite": 0'
	done
done <names
[ $rules -ge 100 ] || fail "only $rules rules"
finish
