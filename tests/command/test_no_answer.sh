#!/bin/sh
# Matrices that are singular or not positive definite: a run ends as one that is not finite, and says where that comes from.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >none.grad <<'END'
objective indefinite(n = 3) {
  param w : [n] = 1
  let A = outer(w, w) - 0.5 * eye(n)
  minimize sum(cholesky(A)^2)
}
objective singular(n = 3) {
  param w : [n] = 1
  minimize sum(solve(outer(w, w), w)^2)
}
objective zero_on_diagonal() {
  param w : [2] = [0, 1]
  minimize sum(triangular_solve(diag(w), [1, 1]))
}
objective flat_determinant() {
  param w : [2] = 1
  minimize logdet(outer(w, w))
}
objective later(d = 2) {
  param w : [d] = 1
  minimize sum(cholesky(diag(w)))
}
objective not_chosen() {
  param w : [3] = 1
  minimize if w[0] > 0 then sum(w^2) else sum(cholesky(outer(w, w) - eye(3))) + logdet(0 * outer(w, w))
}
objective other() {
  param w : [2] = [-1, 1]
  let L = cholesky(eye(2))
  minimize log(w[0]) + sum(L) * w[1]
}
objective pivot_in_front() {
  param A : [2, 2] = [[0, 1], [0, 2]]
  minimize det(A)
}
objective flat_and_other() {
  param w : [2] = -1
  minimize det(outer(w, w)) + log(w[0])
}
END

# said NAME LINE COLUMN WHY [LOST]: eval and minimize name the place; machine code, strict or not, and the evaluator. LOST: where
# minimize says that f was.
said() {
	for how in "" --strict --interpret; do
		# shellcheck disable=SC2086
		expect 3 "$GRADUS" eval none.grad "$1" $how
		has out nan
		has err "W0818"
		has err "none.grad:$2:$3"
		has err "$4"
	done
	expect 3 "$GRADUS" minimize none.grad "$1" --with 'gradient_descent(lr = 0.1)' --steps 3
	has out "f is ${5-nan at the start}"
	has err "none.grad:$2:$3"
}

said indefinite 4 16 'is not positive definite'
said singular 8 16 'is singular'
said zero_on_diagonal 12 16 'has a 0 on its diagonal'

# Along a run: where it was lost.
expect 3 "$GRADUS" minimize none.grad later --with 'gradient_descent(lr = 1)' --steps 20
has err 'none.grad:20:16'
has err 'is not positive definite'
expect 3 "$GRADUS" minimize none.grad later --with 'gradient_descent(lr = 1)' --steps 20 --json
has err 'W0818'

# The determinant of what is singular is known, and its logarithm is -inf; its derivative is none. So it is of the determinant where a
# pivot of 0 stands in front of others.
said flat_determinant 16 12 'is singular' '-inf at the start'
said pivot_in_front 33 12 'is singular' 'nan after step 1'
expect 3 "$GRADUS" eval none.grad flat_determinant
has out 'flat_determinant = -inf'

# What is not chosen says nothing and leaks nothing; and what is lost elsewhere is not blamed on a matrix.
expect 0 "$GRADUS" eval none.grad not_chosen
has out 'not_chosen = 3'
lacks out nan
lacks err W0818
expect 3 "$GRADUS" eval none.grad other
has out nan
lacks err W0818
expect 3 "$GRADUS" eval none.grad flat_and_other
has out nan
lacks err W0818

finish
