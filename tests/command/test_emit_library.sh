# Every rule and objective of the library and of examples/ as C: no warning under everything that compilers can be asked for, as C
# and as C++, and the self-test passes. Rules over tensors of 1 to 70 numbers, empty ones among them, do what gradus does, bit for
# bit. With EMIT_CAMPAIGN=1 in all precisions, with all compilers, levels and sanitizers and all sizes (some 30 minutes); without,
# a share of that.
. "$SOURCE_DIR/tests/command/lib.sh"
campaign=${EMIT_CAMPAIGN:-0}

have() { command -v "$1" >/dev/null; }
have g++ || echo "skipped: no g++, so nothing is compiled as C++"
other=
for compiler in clang-19 gcc; do
	have $compiler && [ "$(basename "$CC")" != $compiler ] && other=$compiler
done
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual -Wstrict-prototypes -Wundef -Wformat=2 -Werror"
cc_warnings="-Wall -Wextra -Wpedantic -Wconversion -Werror"
bits="-std=c99 -ffp-contract=off -fno-tree-slp-vectorize -fno-math-errno -fno-trapping-math"
sanitize="-fsanitize=address,undefined -fno-sanitize-recover=all"

# passes FOLDER COMPILER FLAGS...: compiled with warnings as errors, the self-test passes
passes() {
	folder=$1 compiler=$2
	shift 2
	(
		cd "$folder" || exit 1
		mkdir -p built && rm -f built/*
		for file in *.c; do
			[ "$file" = example.c ] || $compiler $bits $warnings "$@" -c "$file" -o "built/${file%.c}.o" || exit 1
		done
		$compiler $bits $warnings "$@" -fsyntax-only example.c || exit 1
		$compiler "$@" built/*.o -o built/self_test -lm && ./built/self_test | grep '^PASS'
	) >said 2>&1 || { fail "$folder: $compiler $*"; head -n 20 said; }
}

# A program in C++ that knows the header alone, linked with what C compiled.
consumer() {
	header=$(cd "$1" && ls *_test.c | sed 's/_test\.c$//')
	(
		cd "$1" || exit 1
		printf '#include "%s.h"\n#include "%s.h"\nint main() { return sizeof(%s_real) == 0; }\n' "$header" "$header" "$header" >built/user.cc
		rm -f built/*_test.o
		g++ -std=c++11 $cc_warnings -I. built/user.cc built/*.o -o built/user -lm && ./built/user || exit 1
		for file in *.c; do g++ -std=c++11 -x c++ $cc_warnings -fsyntax-only "$file" || exit 1; done
	) >said 2>&1 || { fail "$1: C++"; head -n 20 said; }
}

turn=0
try() { # NAME, or FILE NAME
	turn=$((turn + 1))
	reals=f64
	[ $((turn % 2)) = 0 ] || reals=f32
	[ "$campaign" = 0 ] || reals="f32 f64"
	for real in $reals; do
		rm -rf one
		expect 0 "$GRADUS" emit c "$@" -o one --real $real
		[ -d one ] || continue
		passes one "$CC" -O1
		! have g++ || consumer one
		if [ "$campaign" != 0 ]; then
			for compiler in "$CC" $other; do
				for level in -O0 -O2 "-O3 -march=native" "-O1 $sanitize"; do passes one "$compiler" $level; done
			done
			! have clang++-19 || (cd one && for file in *.c; do
				clang++-19 -std=c++11 -x c++ $cc_warnings -fsyntax-only "$file" || exit 1
			done) >said 2>&1 || fail "$*: clang++"
		elif [ -n "$other" ]; then
			(cd one && $other -std=c99 $warnings -fsyntax-only ./*.c) >said 2>&1 || { fail "$*: $other"; head -n 20 said; }
		fi
	done
}

# The library: every sixth entry, and those that most others are built like.
often=" adam momentum lion mlp_lopt muon adafac_mlp_lopt policy logistic small_net rosenbrock "
nth=0
for name in $(library Optimizers; library Families); do
	nth=$((nth + 1))
	case $often in *" $name "*) ;; *) [ "$campaign" != 0 ] || [ $((nth % 6)) = 0 ] || continue ;; esac
	# shellcheck disable=SC2046
	try "$name" $(on_for "$name")
done
for file in "$SOURCE_DIR"/examples/*.grad; do
	open_learner "$file" && continue
	for name in $(sed -n 's/^\(joint \)\{0,1\}\(optimizer\|objective\) *\([A-Za-z_0-9]*\).*/\3/p' "$file"); do
		"$GRADUS" info "$file" "$name" | grep -q 'open expression' || try "$file" "$name" # that is no rule yet
	done
done
[ $turn -gt 20 ] || fail "hardly anything was tried"

# ---- sizes ----

cat >bowl.grad <<'E2'
objective bowl_of(n = 4) {
  param w[i in n] = real(i % 7) / 2 - 1
  minimize sum[i]((w[i] - 0.25)^2)
}
E2
cat >sizes.c <<'E2'
#include HEADER

#include <stdio.h>
#include <stdlib.h>

#define JOIN(a, b) a##b
#define NAME(a, b) JOIN(a, b)
#define R(name) NAME(RULE, name)

/* Prints the values of n numbers over 6 steps. With empty tensors around them, everything has to be the same. */
static void run(size_t n, int print) {
	float *x = (float *)malloc((n + 1) * sizeof *x), *g = (float *)malloc((n + 1) * sizeof *g), *params[3] = {NULL, x, NULL};
	const float *grads[3] = {NULL, g, NULL};
	size_t sizes[3] = {0, n, 0}, tensors = print ? 1 : 3, first = print ? 1 : 0;
	size_t bytes = R(_state_size)(sizes + first, tensors), k;
	void *state = malloc(bytes);
	R(_hyper) hyper;
	int step;
	R(_hyper_default)(&hyper);
	SET_HORIZON;
	for (k = 0; k < n; k++)
		x[k] = (float)(k % 7) / 2 - 1;
	if (R(_init)(state, bytes, sizes + first, tensors, params + first, &hyper))
		exit(1);
	for (step = 0; step <= 6; step++) {
		float f = 0;
		for (k = 0; k < n; k++) {
			const float d = x[k] - 0.25f, square = d * d;
			f = f + square;
			g[k] = 2 * d;
		}
		printf("%.9g\n", (double)f);
		if (step < 6 && R(_step)(state, params + first, grads + first, f))
			exit(2);
	}
	free(x);
	free(g);
	free(state);
}

int main(int count, char **words) {
	run((size_t)atol(words[1]), count < 3);
	return 0;
}
E2
cat >joint.grad <<'E2'
joint optimizer together(lr = 0.05) {
  state m = 0
  m <- 0.9 * m + g
  x <- x - lr * m / (1 + norm(g) / sqrt(real(size(x))))
}
optimizer summed(lr = 0.05) {
  state m = 0
  state scale : real = 1
  scale <- 0.5 * scale + 0.5 * all_sum(mean(g^2))
  m <- 0.9 * m + g
  x <- x - lr * m / (1 + scale) * (1 - t / (2 * horizon))
}
E2
rules="adam lion policy together summed"
numbers="1 2 3 7 15 16 17 33 70 1100"
if [ "$campaign" != 0 ]; then
	rules="together summed"
	for name in $(library Optimizers); do
		"$GRADUS" show std "$name" | grep -qE 'rank\(x\)|residuals|[ (](grad|value|gradient)\(' || rules="$rules $name"
	done
	numbers="$(seq 1 70) 511 512 513 1100"
fi
for rule in $rules; do
	expect 0 "$GRADUS" emit c joint.grad $rule -o "c_$rule"
	horizon=
	! grep -q 'int64_t horizon' "c_$rule/$rule.h" || horizon='hyper.horizon = 6'
	for level in "-O2" "-O1 $sanitize"; do
		expect 0 $CC $bits $level "-DHEADER=\"c_$rule/$rule.h\"" "-DRULE=$rule" "-DSET_HORIZON=$horizon" sizes.c "c_$rule/$rule.c" -lm -o sizes
		for n in $numbers; do
			if [ "$level" = -O2 ]; then
				expect 0 "$GRADUS" minimize bowl.grad joint.grad "bowl_of(n = $n)" --with $rule --steps 6 --strict --precision f32 --json
				json_list f <out | awk 'NF { printf "%.9g\n", $1 }' >"theirs$n"
			fi
			for empty in '' 3; do
				ASAN_OPTIONS=detect_leaks=0 ./sizes $n $empty >mine 2>said || fail "$rule: $n numbers: $(head -n 5 said)"
				cmp -s mine "theirs$n" || { fail "$rule: $n numbers: C and gradus minimize --strict differ"; paste mine "theirs$n"; }
			done
		done
		./sizes 0 >/dev/null && ./sizes 0 3 >/dev/null || fail "$rule: no numbers at all"
	done
done

finish
