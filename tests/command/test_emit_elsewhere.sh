# Rules that evaluate the objective at other places than x, as C: the caller's function is asked, exactly as often as the rule
# counts, with NULL where nobody reads the gradient; the numbers of gradus bit for bit, and the trajectory of `gradus minimize`.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >rules.grad <<'E2'
# The gradient alone, and it goes into a state as it is.
joint optimizer ahead(lr = 0.02, beta = 0.9) {
  state seen = 0
  seen <- gradient(x - lr * beta * seen)
  x <- x - lr * seen
}

# The value alone, as long as a search goes on.
joint optimizer backtracking(lr = 1.0) {
  var step = lr
  var enough = false
  while not enough limit 20 {
    enough <- value(x - step * g) <= f - 0.4 * step * dot(g, g)
    if not enough { step <- step / 2 }
  }
  x <- x - step * g
}

# Both at one place, under a condition that runs into a state, and at a second place whatever happens.
joint optimizer trial(lr = 0.05) {
  state rate : real = lr
  state last : [2, size(x)] = 0
  let y = x - rate * g
  let better = value(y) < f
  if better {
    last[0, i] <- gradient(y)[i]
    rate <- rate * 1.1
  } else {
    let z = x - 0.25 * rate * g
    last[1, i] <- gradient(z)[i]
    rate <- rate / 2 * (1 + 0 * value(z))
  }
  x <- x - 0.01 * last[0] - 0.005 * gradient(x - 0.01 * g) - 0.002 * last[1]
}

# One place after the other, each from what was found before.
joint optimizer inner(lr = 0.02) {
  var y = x
  for k in 0..6 {
    y <- y - lr * gradient(y) / (1 + k)
  }
  x <- y
}

# What is asked for and never read is not asked.
joint optimizer idle(lr = 0.1) {
  let nobody = value(x + 1)
  x <- x - lr * g
}

# L-BFGS with a search for the strong Wolfe conditions (Nocedal and Wright 2006, algorithms 7.4 and 3.5).
joint optimizer lbfgs(memory = 5, c1 = 1e-4, c2 = 0.9, evaluations = 12) {
  state S : [memory, size(x)] = 0
  state Y : [memory, size(x)] = 0
  state rho : [memory] = 0
  state scale : real = 1
  var q = g
  var a : [memory] = 0
  for j in 0..memory {
    let k = (t + memory - 2 - j) % memory
    a[k] <- rho[k] * dot(S[k, :], q)
    q <- q - a[k] * Y[k, :]
  }
  var d = -scale * q
  for j in 0..memory {
    let k = (t - 1 + j) % memory
    d <- d - (a[k] + rho[k] * dot(Y[k, :], d)) * S[k, :]
  }
  let slope = dot(g, d)
  var step = if t == 1 then min(1, 1 / sum(abs(g))) else 1.0
  var low = 0.0
  var f_low = f
  var high = -1.0
  var done = false
  var y = x
  var gy = g
  while not done limit evaluations {
    y <- x + step * d
    let fy = value(y)
    gy <- gradient(y)
    let sy = dot(gy, d)
    if fy > f + c1 * step * slope or (low > 0 and fy >= f_low) {
      high <- step
    } else {
      if abs(sy) <= -c2 * slope {
        done <- true
      } else {
        if sy * (if high < 0 then 1 else high - low) >= 0 { high <- low }
        low <- step
        f_low <- fy
      }
    }
    if not done { step <- if high < 0 then 2 * step else (low + high) / 2 }
  }
  let s = y - x
  let z = gy - g
  let sz = dot(s, z)
  if sz > 1e-10 * dot(z, z) {
    let k = (t - 1) % memory
    S[k, i] <- s[i]
    Y[k, i] <- z[i]
    rho[k] <- 1 / sz
    scale <- sz / dot(z, z)
  }
  x <- y
}

# It ends where it has evaluated, where it began, or, on every third step, elsewhere.
joint optimizer careful(lr = 0.05) {
  state rate : real = lr
  let y = x - rate * g
  let there = gradient(y)
  let better = value(y) < f
  rate <- if better then rate * 1.5 else rate / 4
  if better { x <- if t % 3 == 0 then y - 0.001 * there else y }
}

# The value alone, and no gradient at all.
joint optimizer drift(lr = 0.1) {
  state rate : real = lr
  let y = x - rate * (x - 0.3)
  let better = value(y) < f
  rate <- if better then rate else -rate / 2
  if better { x <- y }
}

# Tied to its size, with a learned number for every coordinate.
joint optimizer tied(lr = 0.1) {
  learn rate : [size(x)] = 0.1
  x <- x - rate * gradient(x - lr * g)
}

optimizer each_tensor(lr = 0.1) {
  x <- x - lr * gradient(x - lr * g)
}
E2

compilers="$CC"
for other in gcc clang-19; do
	if command -v $other >/dev/null && [ "$(basename "$CC")" != $other ]; then
		compilers="$compilers $other"
	fi
done
strict="-pedantic-errors -Wall -Wextra -Wconversion -Werror -ffp-contract=off"

# The self-test compares with the evaluator, bit for bit, and counts how often it is asked.
for real in f32 f64; do
	for rule in ahead backtracking trial inner idle lbfgs careful drift; do
		name=${rule}_$real
		expect 0 "$GRADUS" emit c rules.grad $rule -o $name --prefix "p_$name" --real $real
		for compiler in $compilers; do
			level="-O3 -fsanitize=address,undefined -fno-sanitize-recover=all"
			[ $real = f64 ] || level=-O0
			(cd $name && $compiler -std=c99 $strict $level "p_$name.c" "p_${name}_test.c" -o self_test -lm && ./self_test >said &&
				grep -q '^PASS' said) || fail "$name: $compiler $level"
		done
		[ $real = f64 ] || continue
		(cd $name && g++ -std=c++11 -x c++ $strict -fsyntax-only ./*.c) || fail "$name: as C++"
		expect 0 make -C $name -s all CC="$CC"
		expect 0 $name/example
		foreign=$(nm $name/p_$name.o | awk 'NF == 2 && $1 == "U" { print $NF }' | grep -vE '^(mem(cpy|set|move|cmp)|(sqrt|floor|fabs|fma)f?)$')
		[ -z "$foreign" ] || fail "$name: uses $foreign"
	done
done
for rule in ahead backtracking trial inner lbfgs careful drift; do
	has ${rule}_f64/p_${rule}_f64.h "p_${rule}_f64_objective *objective, void *context"
	has ${rule}_f64/manifest.json '"evaluates_elsewhere": true'
	has ${rule}_f64/README.md 'evaluate, context'
done
for rule in lbfgs careful drift; do
	has ${rule}_f64/p_${rule}_f64.h "p_${rule}_f64_next"
	has ${rule}_f64/README.md "p_${rule}_f64_next"
	has ${rule}_f64/manifest.json '"hands_on": true'
done
for rule in ahead backtracking trial inner idle; do
	lacks ${rule}_f64/p_${rule}_f64.h _next
	has ${rule}_f64/manifest.json '"hands_on": false'
done
lacks idle_f64/p_idle_f64.h objective
has idle_f64/manifest.json '"evaluates_elsewhere": false'

# Where the rule asks for the value alone, grads is NULL; a step without an objective is refused; a run is that of `gradus minimize
# --strict`, evaluation for evaluation.
cat >run.c <<'E2'
#include "bowl/p_bowl.h"
#include RULE_HEADER

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN(a, b) a##b
#define NAME(a, b) JOIN(a, b)

static void *work;
static long asked, gradients;

static double look(void *context, const double *const *params, double *const *grads) {
	if (context != &asked)
		exit(9);
	asked++;
	gradients += grads != NULL;
	return grads ? p_bowl_value_gradient(NULL, params[0], work, grads[0]) : p_bowl_value(NULL, params[0], work);
}

int main(void) {
	double x[p_bowl_N], g[p_bowl_N], *params[1] = {x};
	const double *grads[1] = {g};
	const size_t size = p_bowl_N, bytes = NAME(RULE, _state_size)(&size, 1);
	void *state = malloc(bytes);
	int step;
	work = malloc(p_bowl_work_size());
	p_bowl_start(x);
	if (NAME(RULE, _init)(state, bytes, &size, 1, params, NULL))
		return 1;
	if (NAME(RULE, _step)(state, params, grads, 0, NULL, NULL) != NAME(RULE, _bad_argument))
		return 2;
	for (step = 0; step <= 12; step++) {
		double value = p_bowl_value_gradient(NULL, x, work, g);
		printf("%.17g\n", value);
		if (step < 12 && NAME(RULE, _step)(state, params, grads, value, look, &asked))
			return 3;
	}
	fprintf(stderr, "%ld %ld\n", asked, gradients);
	free(work);
	free(state);
	return 0;
}
E2
cat >bowl.grad <<'E2'
objective bowl(n = 6) {
  param x[i in n] = 1 + i / 4
  minimize sum[i in n - 1]((x[i + 1] - x[i]^2)^2) + sum((x - 0.5)^2 / 4)
}
E2
expect 0 "$GRADUS" emit c bowl.grad bowl -o bowl --prefix p_bowl --real f64
for rule in ahead backtracking trial inner lbfgs careful drift; do
	expect 0 $CC -std=c99 -O2 -ffp-contract=off "-DRULE=p_${rule}_f64" "-DRULE_HEADER=\"${rule}_f64/p_${rule}_f64.h\"" run.c \
		"${rule}_f64/p_${rule}_f64.c" bowl/p_bowl.c -lm -o run
	./run >mine 2>counts || fail "$rule: $?"
	cat bowl.grad rules.grad >both.grad
	expect 0 "$GRADUS" minimize both.grad bowl --with $rule --steps 12 --strict --precision f64 --json
	json_list f <out | awk 'NF { printf "%.17g\n", $1 }' >theirs
	cmp mine theirs || fail "$rule: C and gradus minimize --strict differ"
	case $rule in
	ahead) [ "$(cat counts)" = "12 12" ] || fail "$rule: asked $(cat counts)" ;;
	inner) [ "$(cat counts)" = "72 72" ] || fail "$rule: asked $(cat counts)" ;;
	backtracking) grep -q ' 0$' counts || fail "$rule: asks for gradients: $(cat counts)" ;;
	esac
done

# Steps that hand on: the same run, and every evaluation of it is one that `gradus minimize` counts, and no other (where it ends
# included).
cat >run_on.c <<'E2'
#include "bowl/p_bowl.h"
#include RULE_HEADER

#include <stdio.h>
#include <stdlib.h>

#define JOIN(a, b) a##b
#define NAME(a, b) JOIN(a, b)

static void *work;
static long asked;

static double look(void *context, const double *const *params, double *const *grads) {
	(void)context;
	asked++;
	return grads ? p_bowl_value_gradient(NULL, params[0], work, grads[0]) : p_bowl_value(NULL, params[0], work);
}

int main(void) {
	double x[p_bowl_N], g[p_bowl_N], *params[1] = {x}, *grads[1] = {g}, value;
	const double *at[1] = {x};
	const size_t size = p_bowl_N, bytes = NAME(RULE, _state_size)(&size, 1);
	void *state = malloc(bytes);
	int step;
	work = malloc(p_bowl_work_size());
	p_bowl_start(x);
	if (NAME(RULE, _init)(state, bytes, &size, 1, params, NULL))
		return 1;
	value = look(NULL, at, grads);
	if (NAME(RULE, _next)(state, params, grads, &value, NULL, NULL) != NAME(RULE, _bad_argument))
		return 2;
	for (step = 0; step <= 12; step++) {
		printf("%.17g\n", value);
		if (step < 12 && NAME(RULE, _next)(state, params, grads, &value, look, NULL))
			return 3;
	}
	fprintf(stderr, "%ld\n", asked);
	free(work);
	free(state);
	return 0;
}
E2
for rule in lbfgs careful drift; do
	expect 0 $CC -std=c99 -O2 -ffp-contract=off "-DRULE=p_${rule}_f64" "-DRULE_HEADER=\"${rule}_f64/p_${rule}_f64.h\"" run_on.c \
		"${rule}_f64/p_${rule}_f64.c" bowl/p_bowl.c -lm -o run
	./run >mine 2>counts || fail "$rule: $?"
	expect 0 "$GRADUS" minimize both.grad bowl --with $rule --steps 12 --strict --precision f64 --json
	json_list f <out | awk 'NF { printf "%.17g\n", $1 }' >theirs
	cmp mine theirs || fail "$rule: steps that hand on and gradus minimize --strict differ"
	has out "\"evaluations\": $(cat counts),"
done

# Tied to the size of its objective.
expect 0 "$GRADUS" emit c both.grad tied --on bowl -o tied --prefix p_tied --real f64
expect 0 make -C tied -s all test CC="$CC"
expect 0 tied/example

# One that sees one tensor at a time is for the tensors of its objective, or refused, with what to do.
expect 0 "$GRADUS" emit c both.grad each_tensor --on bowl -o each --prefix p_each --real f64
expect 0 make -C each -s all test CC="$CC"
expect 1 "$GRADUS" emit c rules.grad each_tensor -o bad
has err E0816
has err 'joint optimizer each_tensor'
[ ! -e bad ] || fail "a folder is made in spite of an error"

# One that differentiates the objective further is C for one objective, whoever asks how (test_emit_derivatives.sh has more of it).
cat >further.grad <<'E2'
joint optimizer together() {
  x <- x - 0.1 * grad(dot(gradient(x), g), x)
}
optimizer apart() {
  x <- x - 0.1 * grad(dot(gradient(x), g), x)
}
E2
for rule in together apart; do
	expect 1 "$GRADUS" emit c further.grad $rule -o bad
	has err E0816
	expect 0 "$GRADUS" emit c further.grad $rule --on rosenbrock -o further_$rule --real f64
	expect 0 make -C further_$rule -s all test CC="$CC"
done

finish
