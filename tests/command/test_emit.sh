# Emitted C: clean under two compilers as C and as C++, the numbers of gradus bit for bit at every level of optimisation,
# only names with the prefix, the same bytes every time; two rules and an objective in one program.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >rules.grad <<'E2'
# The global norm of the gradient is bounded; the momentum lives in a table that runs along x.
optimizer clipped(lr = 0.1, limit = 1) {
  state m : [2, size(x)] = 0
  state rate : real = lr
  let norm = sqrt(all_sum(sum(g^2)))
  let c = g * min(1, limit / (norm + 1e-8))
  let old = m
  m[0] <- 0.9 * old[0] + c
  rate <- rate * (1 - 0.5 * t / horizon)
  x <- x - rate * m[0]
}

# The largest gradient of all tensors, and what follows from it.
optimizer largest(lr = 0.1) {
  state seen : real = 0
  let most = all_max(max(abs(g)))
  let others = all_max(-all_mean(mean(g / (most + 1e-8))) + mean(x))
  seen <- max(seen, most)
  x <- x - lr * g / (seen + 1e-8) - 0.01 * others
}

# Learned numbers inside limits, and nothing kept.
optimizer learned() {
  learn rate = 0.05 in (0, 1)
  learn decay = 0.001 in (0, inf)
  x <- x - rate * g - decay * x
}
E2

compilers="$CC"
for other in gcc clang-19; do
	if command -v $other >/dev/null && [ "$(basename "$CC")" != $other ]; then
		compilers="$compilers $other"
	fi
done
strict="-pedantic-errors -Wall -Wextra -Wconversion -Werror -ffp-contract=off"

# emitted NAME ARGUMENTS...: into the folder NAME, twice; compiled in every way; run.
emitted() {
	name=$1
	shift
	expect 0 "$GRADUS" emit c "$@" -o "$name" --prefix "p_$name"
	cp -r "$name" again
	expect 0 "$GRADUS" emit c "$@" -o "$name" --prefix "p_$name"
	diff -r "$name" again >/dev/null || fail "$name: other bytes the second time"
	rm -r again
	[ "$(cd "$name" && echo *)" != "" ] && has "$name/manifest.json" '"prefix": "p_'"$name"'"'
	for level in -O0 -O3; do
		for compiler in $compilers; do
			(
				cd "$name" || exit 1
				for file in p_*.c; do
					$compiler -std=c99 $strict $level -c "$file" -o "${file%.c}.o" || exit 1
				done
				$compiler ./*.o -o self_test -lm && ./self_test >said && grep -q '^PASS' said
			) || fail "$name: $compiler $level"
		done
	done
	(
		cd "$name" || exit 1
		for file in *.c; do
			g++ -std=c++11 -x c++ $strict -fsyntax-only "$file" || exit 1
		done
		! command -v clang++-19 >/dev/null || clang++-19 -std=c++11 -x c++ $strict -fsyntax-only ./*.c
	) || fail "$name: as C++"
	foreign=$(cd "$name" && nm -g --defined-only p_*[!t].o | awk 'NF == 3 { print $3 }' | grep -v "^p_$name")
	[ -z "$foreign" ] || fail "$name: names without the prefix: $foreign"
	foreign=$(cd "$name" && nm "p_$name.o" | awk 'NF == 3 && $2 ~ /[bBdDcC]/ || NF == 2 && $1 == "U" { print $NF }' |
		grep -vE "^(p_$name.*|mem(cpy|set|move|cmp)|(sqrt|floor|fabs|fma)f?)$")
	[ -z "$foreign" ] || fail "$name: uses or holds: $foreign"
}

emitted adam adam
emitted lion lion --real f64
emitted policy policy
emitted mlp mlp_lopt
emitted clipped rules.grad clipped
emitted peak rules.grad largest
emitted peak64 rules.grad largest --real f64
emitted learned rules.grad learned --real f64
emitted rosenbrock "rosenbrock(n = 5)"
emitted logistic logistic --real f64

# As a user builds it.
expect 0 make -C adam -s all test CC="$CC"
has out PASS
expect 0 adam/example
expect 0 make -C logistic -s all test CC="$CC" CFLAGS=-O2
expect 0 logistic/example
if $CC -std=c99 -ffast-math -c adam/p_adam.c -o fast.o 2>err; then
	fail "-ffast-math is accepted"
fi
has err P_ADAM_ALLOW_FAST_MATH
$CC -std=c99 -ffast-math -DP_ADAM_ALLOW_FAST_MATH -c adam/p_adam.c -o fast.o || fail "-ffast-math cannot be allowed"

# Two rules and an objective in one program: the trajectory of `gradus minimize --strict`, and a state that is refused.
cat >both.c <<'E2'
#include "adam/p_adam.h"
#include "lion32/p_lion32.h"
#include "rosenbrock/p_rosenbrock.h"

#include <stdio.h>
#include <stdlib.h>

int main(void) {
	float x[p_rosenbrock_N], g[p_rosenbrock_N], *params[1] = {x};
	const float *grads[1] = {g};
	size_t size = p_rosenbrock_N;
	void *work = malloc(p_rosenbrock_work_size()), *saved;
	size_t bytes = p_adam_state_size(&size, 1), other_bytes = p_lion32_state_size(&size, 1), saved_bytes;
	void *state = malloc(bytes), *other = malloc(other_bytes);
	p_adam_hyper hyper;
	int step;
	p_adam_hyper_default(&hyper);
	hyper.lr = 0.1f;
	p_rosenbrock_start(x);
	if (p_adam_init(state, bytes, &size, 1, params, &hyper) || p_lion32_init(other, other_bytes, &size, 1, params, NULL))
		return 1;
	for (step = 0; step <= 30; step++) {
		float value = p_rosenbrock_value_gradient(NULL, x, work, g);
		printf("%.17g\n", (double)value);
		if (step < 30 && p_adam_step(state, params, grads, value))
			return 2;
	}
	saved_bytes = p_adam_save_size(state);
	saved = malloc(saved_bytes);
	if (p_adam_save(state, saved, saved_bytes) || p_adam_step(other, params, grads, 0) != p_adam_no_state ||
	    p_lion32_load(other, other_bytes, &size, 1, saved, saved_bytes) != p_lion32_other_model || p_lion32_steps(other) != -1)
		return 3;
	if (p_adam_state_size(NULL, 0) == 0 || p_adam_init(state, bytes, NULL, 0, NULL, NULL) || p_adam_step(state, NULL, NULL, 0))
		return 4;
	size = (size_t)-1 / 2;
	if (p_adam_state_size(&size, 1) != 0 || p_adam_init(state, bytes, &size, 1, params, NULL) != p_adam_bad_argument)
		return 5;
	free(work);
	free(state);
	free(other);
	free(saved);
	return 0;
}
E2
expect 0 "$GRADUS" emit c lion -o lion32 --prefix p_lion32
expect 0 $CC -std=c99 -O2 $strict both.c adam/p_adam.c lion32/p_lion32.c rosenbrock/p_rosenbrock.c -lm -o both
./both >mine || fail "both: $?"
expect 0 "$GRADUS" minimize "rosenbrock(n = 5)" --with "adam(lr = 0.1)" --steps 30 --strict --precision f32 --json
json_list f <out | awk 'NF { printf "%.17g\n", $1 }' >theirs
cmp mine theirs || fail "C and gradus minimize --strict differ"

# Four tensors, with rules that see one at a time, all as one vector, and one at a time but for their sum.
cat >four.c <<'E2'
#include "net/p_net.h"
#include "net/p_net_instance.h"
#include RULE_HEADER

#include <stdio.h>
#include <stdlib.h>

#define JOIN(a, b) a##b
#define NAME(a, b) JOIN(a, b)

int main(void) {
	static const size_t sizes[4] = {4, 2, 4, 2};
	float x[p_net_N], g[p_net_N], *params[4];
	const float *grads[4];
	p_net_data data;
	NAME(RULE, _hyper) hyper;
	size_t at = 0, bytes = NAME(RULE, _state_size)(sizes, 4);
	void *work = malloc(p_net_work_size()), *state = malloc(bytes);
	int step;
	p_net_instance(&data, x);
	for (step = 0; step < 4; at += sizes[step++]) {
		params[step] = x + at;
		grads[step] = g + at;
	}
	NAME(RULE, _hyper_default)(&hyper);
	SET_HORIZON;
	if (NAME(RULE, _init)(state, bytes, sizes, 4, params, &hyper))
		return 1;
	for (step = 0; step <= 20; step++) {
		float value = p_net_value_gradient(&data, x, work, g);
		printf("%.17g\n", (double)value);
		if (NAME(RULE, _step)(state, params, grads, value))
			return 2;
	}
	free(work);
	free(state);
	return 0;
}
E2
expect 0 "$GRADUS" emit c small_net -o net --prefix p_net
for rule in mlp:mlp_lopt policy:policy clipped:clipped; do
	short=${rule%%:*}
	long=${rule#*:}
	horizon=
	grep -q 'int64_t horizon' "$short/p_$short.h" && horizon='hyper.horizon = 20'
	expect 0 $CC -std=c99 -O2 -ffp-contract=off "-DRULE=p_$short" "-DRULE_HEADER=\"$short/p_$short.h\"" \
		"-DSET_HORIZON=$horizon" four.c "$short/p_$short.c" net/p_net.c -lm -o four
	./four >mine || fail "four: $?"
	expect 0 "$GRADUS" minimize rules.grad small_net --with "$long" --steps 20 --strict --precision f32 --json
	json_list f <out | awk 'NF { printf "%.17g\n", $1 }' >theirs
	cmp mine theirs || fail "$long: C and gradus minimize --strict differ"
done

# What is wrong is said, and nothing is written.
expect 2 "$GRADUS" emit c adam
expect 2 "$GRADUS" emit c adam -o bad --prefix 3d
expect 1 "$GRADUS" emit c adam -o bad --prefix while
has err E0813
[ ! -e bad ] || fail "a folder is made in spite of an error"
expect 4 "$GRADUS" emit c adam -o /dev/null/folder

finish
