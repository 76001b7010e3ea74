#!/bin/sh
# Rules that draw, from the command: seeds and problems, every engine, threads, training and comparing; and as C, where the numbers are
# those of `minimize --seed`, bit for bit, whole or in pieces of any size.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >rules.grad <<'GRAD'
optimizer spsa_of_two_values(lr = 0.1, c = 0.01) {
  let e ~ normal(0, 1)
  let s = sign(e)
  let slope = (value(x + c * s) - value(x - c * s)) / (2 * c)
  x <- x - lr * slope * s
}

optimizer gradient_noise_injection(lr = 0.1) {
  let e ~ normal(0, 0.01)
  x <- x - lr * (g + e)
}

# Pieces of x: what is drawn for coordinates and for tensors, in a loop; a hyperparameter that is called as the key is.
optimizer in_pieces(lr = 0.1, seed = 0.5) {
  state m = 0
  let u : real ~ uniform()
  let w : [2] ~ gamma(2, 3)
  let p ~ poisson(1.5)
  let b : [2] ~ binomial(9, [0.3, 0.8])
  var s = 0 * x
  for k in 0..7 {
    let e ~ student_t(4)
    s <- s + tanh(e) / (k + 1)
  }
  m <- seed * m + g + 0.1 * s
  x <- x - lr * (0.5 + u) * (m + 0.01 * (w[1] + p + b[0] - b[1]))
}

# Combined over tensors, so in phases.
optimizer in_phases(lr = 0.1) {
  let u : real ~ normal(1, 0.1)
  let e ~ normal(0, 0.1)
  let n = sqrt(all_sum(u^2 * sum((g + e)^2)))
  x <- x - lr * (g + e) / (1 + n)
}

joint optimizer as_one(lr = 0.1) {
  let order : int[size(x)] ~ permutation(size(x))
  let k : int ~ categorical([1, 2, 3])
  let keep ~ bernoulli(0.8)
  x[i] <- x[i] - lr * (if keep[i] then g[i] / (1 + order[i]) + 0.01 * k else 0)
}

# Coordinates addressed by number and by their order: for one size alone.
joint optimizer by_order(lr = 0.1) {
  state old : [size(x)] = 0
  let order : int[size(x)] ~ permutation(size(x))
  let largest = argsort(-abs(g))
  let mixed = cumsum(g) / (1 + iota(size(x))) + flip(old)
  old[i] <- g[order[i]] + 0.1 * g[0]
  x[i] <- x[i] - lr * (g[i] + 0.1 * mixed[i] + (if i == largest[0] then 0.2 * g[largest[1]] else 0))
}

optimizer by_rows(lr = 0.1) {
  let e ~ normal(0, 0.1)
  if rank(x) == 2 {
    let r : [size(x, 0)] ~ normal(0, 0.1)
    each i, j { x <- x - lr * (g + r[i] + e) }
  } else {
    x <- x - lr * (g + e)
  }
}

optimizer learned_noise() {
  learn rate = 0.05
  learn share = 0.1 in (0, 1)
  let e ~ normal(g, share)
  x <- x - rate * e
}

# Tensors of 3, 1, 17 and 2 x 2 numbers, the same for every seed.
objective bowls() {
  param a : [3] = 1
  param b : real = -1
  param c[i in 17] = i / 10
  param d : [2, 2] = 0.5
  minimize (sum((a - 0.3)^2) + (b - 2)^2 + sum(c^2) + sum((d - 1)^2) + 0.1 * a[0] * b) / 2
}

experiment fill {
  train    learned_noise()
  on       bowls(), quadratic(n = 3)
  problems 5 train, 3 select, 4 test
  horizon  6
  estimate pes(window = 3, particles = 3)
  update   langevin(first = 1e-3) for 4 steps
}
GRAD
rules="spsa_of_two_values gradient_noise_injection in_pieces in_phases as_one by_order by_rows"

expect 0 "$GRADUS" check rules.grad
for wanted in "$SOURCE_DIR"/tests/library/drawn.grad; do expect 0 "$GRADUS" check "$wanted"; done

# x_of FILE: the last x, one number a line
x_of() { json_list x <"$1"; }

minimize() { # RULE OUT ARGUMENTS...
	rule=$1 to=$2
	shift 2
	"$GRADUS" minimize rules.grad bowls --with "$rule" --steps 30 --strict --json "$@" >"$to" 2>err || {
		fail "minimize $rule $*"
		cat err
	}
}

for rule in $rules; do
	minimize "$rule" one --threads 1
	for ways in "--interpret" "--threads 3" "--seed 0"; do
		# shellcheck disable=SC2086
		minimize "$rule" other $ways
		x_of one >a
		x_of other >b
		cmp -s a b || fail "$rule: $ways gives other numbers"
	done
	minimize "$rule" other --seed 1
	x_of other >b
	! cmp -s a b || fail "$rule: --seed 1 gives the numbers of seed 0"
	minimize "$rule" other --instance 1
	x_of other >b
	! cmp -s a b || fail "$rule: problem 1 draws the numbers of problem 0"
	lacks err "nothing of"
done

# ---- as C: the trajectory of minimize ----

cat >driver.c <<'C'
#include "rule.h"
#include <stdio.h>
#include <stdlib.h>

static const double middle[4] = {0.3, 2, 0, 1};
static size_t sizes[4] = {3, 1, 17, 4};
#ifdef SHAPES
static const rule_shape shapes[4] = {{1, {3}}, {0, {0}}, {1, {17}}, {2, {2, 2}}};
#define TENSORS shapes
#else
#define TENSORS sizes
#endif

static rule_real bowls(void *context, const rule_real *const *p, rule_real *const *g) {
	rule_real sum = 0;
	size_t i, k;
	(void)context;
	for (i = 0; i < 4; i++)
		for (k = 0; k < sizes[i]; k++) {
			const rule_real d = p[i][k] - middle[i];
			sum += d * d;
			if (g)
				g[i][k] = d;
		}
	if (g) {
		g[0][0] += 0.05 * p[1][0];
		g[1][0] += 0.05 * p[0][0];
	}
	return (sum + 0.1 * p[0][0] * p[1][0]) / 2;
}

int main(int count, char **arguments) {
	static rule_real x[25], gradient[25];
	rule_real *params[4], *grads[4];
	rule_hyper hyper;
	size_t i, k, at = 0, bytes = rule_state_size(TENSORS, 4);
	void *state = malloc(bytes);
	int t;
	for (i = 0; i < 4; at += sizes[i++]) {
		params[i] = x + at;
		grads[i] = gradient + at;
		for (k = 0; k < sizes[i]; k++)
			x[at + k] = i == 0 ? 1 : i == 1 ? -1 : i == 2 ? (rule_real)k / 10 : 0.5;
	}
	rule_hyper_default(&hyper);
	if (count > 1)
		hyper.seed = atoi(arguments[1]);
	if (count > 2)
		hyper.instance = atoi(arguments[2]);
	if (!state || rule_init(state, bytes, TENSORS, 4, params, &hyper))
		return 1;
	for (t = 0; t < 30; t++) {
		const rule_real f = bowls(NULL, (const rule_real *const *)params, grads);
		if (STEP)
			return 2;
	}
	for (k = 0; k < 25; k++)
		printf("%.17g\n", x[k]);
	free(state);
	return 0;
}
C
for rule in $rules; do
	on= shapes= step='rule_step(state, params, (const rule_real *const *)grads, f)'
	case $rule in
	spsa_of_two_values) on="--on bowls" shapes=-DSHAPES step='rule_step(state, params, (const rule_real *const *)grads, f, bowls, NULL)' ;;
	by_rows) on="--on bowls" shapes=-DSHAPES ;;
	by_order) on="--on bowls" ;;
	esac
	rm -rf c
	# shellcheck disable=SC2086
	expect 0 "$GRADUS" emit c rules.grad "$rule" --prefix rule --real f64 $on -o c
	has c/rule.h "int64_t seed;"
	has c/README.md "gradus minimize --seed"
	(cd c && make -s CC="$CC" test >../made 2>&1) || {
		fail "$rule: the self-test"
		head -n 20 made
	}
	# shellcheck disable=SC2086
	"$CC" -std=c99 -O2 -ffp-contract=off -Wall -Wextra -Werror -Ic "-DSTEP=$step" $shapes driver.c c/rule.c -o driver -lm 2>made || {
		fail "$rule: the driver"
		head -n 20 made
		continue
	}
	for key in "0 0" "5 0" "-3 2"; do
		# shellcheck disable=SC2086
		set -- $key
		./driver "$1" "$2" >a || fail "$rule: the driver ends with $?"
		minimize "$rule" one --seed "${1#-}" --instance "$2"
		[ "$1" != -3 ] || continue # the command has no negative seeds
		x_of one >b
		near 1e-11 a b # values differ by rounding, and a difference of two is divided by 0.02
	done
done

# ---- training, comparing ----

expect 0 "$GRADUS" train rules.grad fill -o run --threads 2
expect 0 "$GRADUS" train rules.grad fill -o again --threads 1
cmp -s run/rule.grad again/rule.grad || fail "training on other threads"
expect 0 "$GRADUS" compare run momentum gradient_noise --on bowls --steps 6 --train 3 --test 5 --json
lacks out '"one_problem": true'
expect 0 "$GRADUS" minimize rules.grad bowls --with run --steps 5
expect 0 "$GRADUS" emit c run -o trained
(cd trained && make -s CC="$CC" test >../made 2>&1) || fail "the self-test of a trained rule"
expect 0 "$GRADUS" info rules.grad
finish
