# Rules that differentiate the objective beyond its gradient, or read residuals, as C for one objective: the self-test passes bit for
# bit, compilers have nothing to say, and the example does what `gradus minimize --strict` does.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >problems.grad <<'E2'
objective plain(n = 4) {
  param x[i in n] = 0.4 + i / 4
  param y : real = 2 in (0, inf)
  let r[i in n - 1] = 3 * (x[i + 1] - x[i]^2)
  let parts = concat(r, x - y)
  minimize sum(parts^2) / 2
  residuals parts
}

# Given: arrays, a number, whole numbers.
objective drawn(n = 12) {
  given rate : real ~ uniform(0.5, 1.5)
  given noise : [n] ~ normal(0, 0.01)
  given place : int[n] ~ permutation(n)
  let y[i] = 2 * exp(-rate * place[i] / 4) + noise[i]
  param a : real ~ uniform(0.5, 1.5)
  param b : [2] = [1, 0.1]
  let r[i] = a * exp(-b[0]^2 * place[i] / 4) + b[1] - y[i]
  minimize sum(r^2)
  residuals r
}

objective measured(file = "measured.csv") {
  data D : [n, 2] from file
  param b : [2] = [1, 0.1]
  let r[i] = b[0] * (1 - exp(-b[1] * D[i, 0])) - D[i, 1]
  minimize mean(r^2)
  residuals r
}

objective in_batches() {
  given y : [9] ~ normal(0, 1)
  batch pick : int[3] ~ integer(0, 9)
  param m : [2] = 0
  let r[k] = y[pick[k]] - m[0] - m[1]^3
  minimize sum(r^2)
  residuals r
}

# One tensor beside the other, with states of several kinds and the time.
optimizer scaled(lr = 0.05, beta = 0.9) {
  state m = 0
  state seen : real = 0
  let u = gradient(x - 0.01 * m)
  let Hu = grad(dot(gradient(x), g), x)
  m <- beta * m + u + 0.01 * Hu / (1 + t / horizon)
  seen <- max(seen, norm(Hu))
  x <- x - lr * m / (1 + seen)
}
E2
printf '%s\n' 0.5,0.2 1,0.33 2,0.61 3.5,0.8 5,0.9 >measured.csv

compilers="$CC"
for other in gcc clang-19; do
	if command -v $other >/dev/null && [ "$(basename "$CC")" != $other ]; then
		compilers="$compilers $other"
	fi
done
strict="-pedantic-errors -Wall -Wextra -Wconversion -Wshadow -Werror -ffp-contract=off"

# try RULE OBJECTIVE REAL
try() {
	name=${1}_${2}_$3
	tried=$((tried + 1))
	expect 0 "$GRADUS" emit c problems.grad "$1" --on "$2" -o "$name" --real "$3"
	for compiler in $compilers; do
		level=-O0
		[ "$compiler$3" != "$CC"f64 ] || level="-O1 -fsanitize=address,undefined -fno-sanitize-recover=all"
		(cd "$name" && $compiler -std=c99 $strict $level "$1.c" "$1_objective.c" "$1_test.c" -o self_test -lm && ./self_test >said &&
			grep -q '^PASS' said) || fail "$name: $compiler $level"
	done
	(cd "$name" && g++ -std=c++11 -x c++ $strict -fsyntax-only ./*.c) || fail "$name: as C++"
	[ "$3" = f64 ] || return 0
	(cd "$name" && $CC -std=c99 $strict -O2 "$1.c" "$1_objective.c" example.c -o example -lm && ./example) >mine || fail "$name: the example"
	expect 0 "$GRADUS" minimize problems.grad "$2" --with "$1" --steps 50 --strict --precision f64 --json
	json_list f <out | awk 'NF && (NR - 1) % 5 == 0 { printf "%4d  %.9g\n", NR - 1, $1 }' >theirs
	cmp mine theirs || fail "$name: C and gradus minimize --strict differ"
}

tried=0
for rule in $("$GRADUS" show std | awk '/^[A-Z]/ { inside = /second derivatives/ } /^  / && inside { print $1 }'); do
	try "$rule" plain f64
	case $rule in
	newton_cg | gauss_newton) try "$rule" drawn f64 && try "$rule" plain f32 ;;
	levenberg_marquardt) try "$rule" drawn f32 && try "$rule" measured f64 ;;
	esac
done
try scaled plain f64
try scaled drawn f32
[ "$tried" -ge 14 ] || fail "only $tried were tried"

# What a caller has: data that do not fit are refused, and so are those that are not there.
cat >refused.c <<'E2'
#include "levenberg_marquardt_measured_f64/levenberg_marquardt.h"

#include <stdio.h>
#include <stdlib.h>

int main(void) {
	double x[2] = {1, 0.1}, g[2] = {0, 0}, table[10] = {0}, *params[1] = {x};
	const double *grads[1] = {g};
	const size_t size = 2, bytes = levenberg_marquardt_state_size(&size, 1);
	void *state = malloc(bytes);
	levenberg_marquardt_objective_data data = {table, 9};
	if (levenberg_marquardt_init(state, bytes, &size, 1, params, NULL))
		return 1;
	if (levenberg_marquardt_step(state, params, grads, 0, &data) != levenberg_marquardt_bad_argument)
		return 2;
	if (levenberg_marquardt_step(state, params, grads, 0, NULL) != levenberg_marquardt_bad_argument)
		return 3;
	data.D_size = 10;
	if (levenberg_marquardt_step(state, params, grads, 0, &data) != levenberg_marquardt_ok)
		return 4;
	free(state);
	return 0;
}
E2
expect 0 $CC -std=c99 $strict refused.c levenberg_marquardt_measured_f64/levenberg_marquardt.c \
	levenberg_marquardt_measured_f64/levenberg_marquardt_objective.c -lm -o refused
expect 0 ./refused
has levenberg_marquardt_measured_f64/manifest.json '"on": "measured"'
has levenberg_marquardt_measured_f64/README.md '`measured`'
expect 0 make -C newton_plain_f64 -s all test CC="$CC"

expect 1 "$GRADUS" emit c problems.grad newton -o bad
has err E0816
has err 'say --on OBJECTIVE'
expect 1 "$GRADUS" emit c problems.grad gauss_newton --on in_batches -o bad
has err E0816
has err 'draws no batches'
expect 1 "$GRADUS" emit c problems.grad gauss_newton --on ackley -o bad
has err E0295
[ ! -e bad ] || fail "a folder is made in spite of an error"
finish
