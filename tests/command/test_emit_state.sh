# States that emitted C saves and loads: whatever the bytes are, and whatever sizes the program has, nothing outside of the memory
# that was given is touched. Rules that are tied to their size, the horizon that a rule was trained for, and self-tests that fail
# when a number is wrong.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >rules.grad <<'E2'
# All kinds of states: per coordinate, a table along x, per tensor, whole numbers, truth values; and it reads the horizon.
optimizer kinds(lr = 0.1, limit = 1) {
  state m : [2, size(x)] = 0
  state rate : real = lr
  state count : int = 0
  state flip : bool = false
  let old = m
  m[0] <- 0.9 * old[0] + g
  m[1] <- old[0]
  count <- count + 1
  flip <- not flip
  rate <- rate * (1 - 0.5 * t / horizon) + (if flip then 0 else 0.001)
  let table = [1, 0.5, 0.25]
  let k = min(horizon, 3) - 1
  x <- x - rate * table[k] * m[0] / (1 + 0.1 * real(count))
}
joint optimizer whole(lr = 0.1) {
  state m = 0
  m <- 0.9 * m + g
  x <- x - lr * m / (1 + norm(g))
}
optimizer scaled_step(lr = 0.1) {
  state s : real = 1
  s <- 0.9 * s + 0.1 * f
  x <- x - lr * s * g
}
optimizer nothing(lr = 0.1) {
  x <- x - lr * g
}
joint optimizer preconditioned() {
  learn L : [size(x), size(x)] = 0
  learn v : [size(x)] = 0.1
  state m = 0
  m <- 0.5 * m + L @ g
  x <- x - v * g - m
}
optimizer scaled() {
  learn v : [size(x)] = 0.1
  state m = 0
  m <- 0.5 * m + g
  x <- x - v * m
}
optimizer annealed() {
  learn rate = 0.1 in (0, 2)
  x <- x - rate * (1 - t / horizon) * g
}
objective pair() {
  param a : [2] ~ normal(0, 1)
  param b : real = 1
  minimize sum(a^2) + b^2 + a[0] * b
}
objective bowl3() {
  param w : [3] ~ normal(0, 1)
  minimize sum(w^2) / 2
}
experiment tied {
  train preconditioned()
  on pair()
  problems 16 train, 8 select, 8 test
  horizon 20
  update adam(lr = 0.05) for 5 steps
}
experiment tied_alone {
  train scaled()
  on bowl3()
  problems 16 train, 8 select, 8 test
  horizon 20
  update adam(lr = 0.05) for 5 steps
}
experiment fixed {
  train annealed()
  on bowl3()
  problems 16 train, 8 select, 8 test
  horizon 30
  update adam(lr = 0.05) for 5 steps
}
experiment range {
  train annealed()
  on bowl3()
  problems 16 train, 8 select, 8 test
  horizon 20..60
  update adam(lr = 0.05) for 5 steps
}
E2

# ---- loading ----

cat >load.c <<'E2'
#include HEADER

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN(a, b) a##b
#define NAME(a, b) JOIN(a, b)
#define F(name) NAME(RULE, name)

typedef F(_real) real;

static const size_t saved_sizes[3] = {10, 3, 1}, swapped[3] = {3, 10, 1}, larger[3] = {10, 3, 2000}, one[1] = {14}, none[1] = {0};
static int loaded, refused;

/* A program with its own sizes: memory exactly as large as it has to be, so that a sanitizer sees every byte beyond it. */
static int program(const size_t *sizes, size_t tensors, const unsigned char *bytes, size_t length) {
	const size_t need = F(_state_size)(sizes, tensors);
	unsigned char *state = (unsigned char *)malloc(need), *copy = (unsigned char *)malloc(length > 0 ? length : 1), *again;
	real *params[3] = {NULL, NULL, NULL};
	const real *grads[3];
	size_t i, k, again_bytes;
	int step, code;
	memset(state, 0xa5, need);
	memcpy(copy, bytes, length);
	code = F(_load)(state, need, sizes, tensors, copy, length);
	if (code != F(_ok)) {
		refused++;
		if (F(_steps)(state) != -1 || F(_step)(state, params, NULL, 0) != F(_no_state)) {
			printf("a state that was refused is there\n");
			exit(1);
		}
	} else {
		loaded++;
		for (i = 0; i < tensors; i++) {
			params[i] = (real *)malloc((sizes[i] + 1) * sizeof(real));
			for (k = 0; k < sizes[i]; k++)
				params[i][k] = 1;
			grads[i] = params[i];
		}
		for (step = 0; step < 3; step++)
			if (F(_step)(state, params, grads, 1) != F(_ok))
				exit(2);
		again_bytes = F(_save_size)(state);
		again = (unsigned char *)malloc(again_bytes);
		if (F(_steps)(state) < 3 || F(_save)(state, again, again_bytes - 1) != F(_too_small) || F(_save)(state, again, again_bytes))
			exit(3);
		free(again);
		for (i = 0; i < tensors; i++)
			free(params[i]);
	}
	free(state);
	free(copy);
	return code;
}

/* The checksum over what stands before it is made right, so that all other checks are on their own. */
static void sign(unsigned char *bytes, size_t length) {
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	size_t i;
	for (i = 0; i + 8 < length; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	for (; i < length; i++, sum >>= 8)
		bytes[i] = (unsigned char)(sum & 255);
}

static void expect(int code, int wanted, const char *what) {
	if (code != wanted) {
		printf("%s: %s instead of %s\n", what, F(_strerror)(code), F(_strerror)(wanted));
		exit(4);
	}
}

int main(void) {
	static const unsigned char flips[] = {1, 0x80, 0xff};
	real x[14], *params[3];
	const real *grads[3];
	const size_t need = F(_state_size)(saved_sizes, 3);
	void *state = malloc(need);
	unsigned char *bytes, *changed;
	size_t length, i, k, at = 0;
	for (i = 0; i < 14; i++)
		x[i] = 2;
	for (i = 0; i < 3; at += saved_sizes[i++])
		grads[i] = params[i] = x + at;
	if (F(_init)(state, need, saved_sizes, 3, params, NULL) || F(_step)(state, params, grads, 1) || F(_step)(state, params, grads, 1))
		return 1;
	length = F(_save_size)(state);
	bytes = (unsigned char *)malloc(length);
	changed = (unsigned char *)malloc(length + 100);
	if (F(_save)(state, bytes, length))
		return 1;
	free(state);
	expect(program(saved_sizes, 3, bytes, length), F(_ok), "the same sizes");
	expect(program(swapped, 3, bytes, length), F(_other_sizes), "the sizes in another order");
	expect(program(larger, 3, bytes, length), F(_other_sizes), "a larger tensor");
	expect(program(one, 1, bytes, length), F(_other_sizes), "one tensor of them all");
	expect(program(saved_sizes, 2, bytes, length), F(_other_sizes), "a tensor less");
	expect(program(none, 1, bytes, length), F(_other_sizes), "an empty tensor");
	expect(program(none, 0, bytes, length), F(_other_sizes), "no tensor");
	for (i = 0; i < length; i++) {
		expect(program(saved_sizes, 3, bytes, i) == F(_ok), 0, "a piece");
		if (i >= 16) {
			memcpy(changed, bytes, i);
			sign(changed, i);
			expect(program(saved_sizes, 3, changed, i) == F(_ok), 0, "a signed piece");
		}
		for (k = 0; k < sizeof flips; k++) {
			memcpy(changed, bytes, length);
			changed[i] = (unsigned char)(changed[i] ^ flips[k]);
			expect(program(saved_sizes, 3, changed, length) == F(_ok), 0, "a changed byte");
			sign(changed, length);
			program(saved_sizes, 3, changed, length); /* may well be a state */
			program(swapped, 3, changed, length);
			program(one, 1, changed, length);
		}
	}
	for (i = 1; i <= 100; i++) {
		memcpy(changed, bytes, length);
		memset(changed + length, 0, i);
		expect(program(saved_sizes, 3, changed, length + i) == F(_ok), 0, "more bytes");
		sign(changed, length + i);
		expect(program(saved_sizes, 3, changed, length + i), F(_bad_data), "more bytes, signed");
	}
	/* Every 8 bytes as the largest, the least, and a NaN. */
	for (i = 8; i + 16 <= length; i++) {
		static const uint64_t words[] = {UINT64_MAX, UINT64_C(1) << 63, UINT64_C(0x7fffffffffffffff), UINT64_C(0x7fc000007fc00000), 0};
		for (k = 0; k < sizeof words / sizeof *words; k++) {
			memcpy(changed, bytes, length);
			memcpy(changed + i, &words[k], 8);
			sign(changed, length);
			program(saved_sizes, 3, changed, length);
			program(swapped, 3, changed, length);
		}
	}
	printf("%d loaded, %d refused\n", loaded, refused);
	free(bytes);
	free(changed);
	return loaded > 0 && refused > (int)length ? 0 : 5;
}
E2
sanitize="-fsanitize=address,undefined -fno-sanitize-recover=all"
for rule in kinds whole scaled_step nothing; do
	for real in f32 f64; do
		rm -rf $rule
		expect 0 "$GRADUS" emit c rules.grad $rule -o $rule --real $real
		expect 0 $CC -std=c99 -O1 -Wall -Wextra -Werror $sanitize "-DHEADER=\"$rule/$rule.h\"" "-DRULE=$rule" load.c $rule/$rule.c -lm -o load
		ASAN_OPTIONS=detect_leaks=0 expect 0 ./load
		expect 0 make -s -C $rule test CC="$CC" CFLAGS="-O1 -Wall -Wextra -Wconversion -Wpedantic -Werror $sanitize" LDFLAGS="$sanitize"
	done
done

# A horizon of 0 is refused where it comes in: what is computed relies on there being a step.
cat >horizon.c <<'E2'
#include "kinds/kinds.h"
#include <stdlib.h>
int main(void) {
	double x[2] = {1, 2}, *params[1] = {x};
	size_t size = 2, bytes = kinds_state_size(&size, 1);
	void *state = malloc(bytes);
	kinds_hyper hyper;
	kinds_hyper_default(&hyper);
	hyper.horizon = 0;
	if (kinds_init(state, bytes, &size, 1, params, &hyper) != kinds_bad_argument || kinds_steps(state) != -1)
		return 1;
	hyper.horizon = 1;
	if (kinds_init(state, bytes, &size, 1, params, &hyper) != kinds_ok)
		return 2;
	hyper.horizon = -5;
	if (kinds_hyper_set(state, &hyper) != kinds_bad_argument)
		return 3;
	free(state);
	return 0;
}
E2
expect 0 $CC -std=c99 horizon.c kinds/kinds.c -lm -o horizon
expect 0 ./horizon

# ---- the horizon of training ----

expect 0 "$GRADUS" train rules.grad fixed -o run_fixed
expect 0 "$GRADUS" train rules.grad range -o run_range
expect 0 "$GRADUS" emit c run_fixed -o c_fixed
lacks err holes
expect 0 "$GRADUS" emit c run_range -o c_range
for text in 'c_fixed/annealed.c:hyper->horizon = 30;' 'c_fixed/annealed.h:by default 30' 'c_fixed/README.md:| `horizon` | 30 |' \
	'c_fixed/manifest.json:"horizon": 30' 'c_range/annealed.c:hyper->horizon = 60;' 'c_range/annealed.h:trained for 20 to 60 steps' \
	'c_range/README.md:trained for 20 to 60 steps' 'c_range/manifest.json:"horizon": 60'; do
	has "${text%%:*}" "${text#*:}"
done
# The rule of a run by its file: what the folder around it says holds, too; a copy elsewhere is a rule like any other.
expect 0 "$GRADUS" emit c run_fixed/rule.grad -o c_file
has c_file/annealed.c 'hyper->horizon = 30;'
(cd run_range && "$GRADUS" emit c rule.grad -o ../c_here) >out 2>err || fail "emit c rule.grad in its folder"
has c_here/annealed.c 'hyper->horizon = 60;'
mkdir copy && cp run_fixed/rule.grad copy
[ ! -e run_fixed/weights.safetensors ] || cp run_fixed/weights.safetensors copy
expect 0 "$GRADUS" emit c copy/rule.grad -o c_copy
has c_copy/annealed.c 'hyper->horizon = 100;'
expect 0 "$GRADUS" emit c rules.grad annealed -o c_open
has c_open/annealed.c 'hyper->horizon = 100;'

# ---- rules that are tied to their size ----

expect 1 "$GRADUS" emit c rules.grad preconditioned -o c_unknown
has err E0265
has err --on
expect 0 "$GRADUS" emit c rules.grad preconditioned -o c_on --on pair
has err 'L : [3, 3]'
expect 0 make -s -C c_on all test CC="$CC"
expect 2 "$GRADUS" emit c rules.grad nothing -o c_bad --on pair

cat >tied.c <<'E2'
#include HEADER
#include "c_OBJECTIVE.h"

#include <stdio.h>
#include <stdlib.h>

#define JOIN(a, b) a##b
#define NAME(a, b) JOIN(a, b)
#define R(name) NAME(RULE, name)

int main(void) {
	float x[4] = {0}, g[4] = {0}, *params[2];
	const float *grads[2];
	size_t sizes[2] = {SIZES}, wrong[2] = {2, 2}, tensors = TENSORS, bytes = R(_state_size)(wrong, 2), i, at = 0;
	void *state = malloc(bytes > 4096 ? bytes : 4096), *work = malloc(o_work_size());
	o_data data;
	int step;
	o_instance(&data, x);
	for (i = 0; i < tensors; at += sizes[i++]) {
		params[i] = x + at;
		grads[i] = g + at;
	}
	if (R(_init)(state, 4096, wrong, 2, params, NULL) != R(_other_sizes) || R(_steps)(state) != -1)
		return 1;
	if (R(_init)(state, 4096, sizes, tensors, params, NULL))
		return 2;
	for (step = 0; step <= 20; step++) {
		float value = o_value_gradient(&data, x, work, g);
		printf("%.17g\n", (double)value);
		if (R(_step)(state, params, grads, value))
			return 3;
	}
	free(state);
	free(work);
	return 0;
}
E2
# same RULE OBJECTIVE EXPERIMENT SIZES TENSORS: C and gradus minimize --strict agree, bit for bit
same() {
	expect 0 "$GRADUS" train rules.grad "$3" -o "run_$1"
	expect 0 "$GRADUS" emit c "run_$1" -o "c_$1"
	lacks err holes
	has "c_$1/manifest.json" '"coordinates": 3'
	has "c_$1/$1.h" 'tied to'
	expect 0 make -s -C "c_$1" all test CC="$CC" CFLAGS="-O1 -Wall -Wextra -Wconversion -Wpedantic -Werror $sanitize" LDFLAGS="$sanitize"
	expect 0 "c_$1/example"
	expect 0 "$GRADUS" emit c rules.grad "$2" -o "c_$2" --prefix o
	sed "s#c_OBJECTIVE#c_$2/o_instance#" tied.c >"tied_$1.c"
	expect 0 $CC -std=c99 -O2 -ffp-contract=off -Wall -Wextra -Werror "-DHEADER=\"c_$1/$1.h\"" "-DRULE=$1" "-DSIZES=$4" "-DTENSORS=$5" \
		"tied_$1.c" "c_$1/$1.c" "c_$2/o.c" -lm -o "tied_$1"
	"./tied_$1" >mine || fail "$1: $?"
	expect 0 "$GRADUS" minimize rules.grad "$2" --with "run_$1" --steps 20 --strict --precision f32 --json
	json_list f <out | awk 'NF { printf "%.17g\n", $1 }' >theirs
	cmp mine theirs || fail "$1: C and gradus minimize --strict differ"
}
same preconditioned pair tied '2, 1' 2
same scaled bowl3 tied_alone '3, 0' 1

# ---- self-tests test ----

# mutated FOLDER TEST TABLE: the self-test fails when one bit of any entry of the table is another
mutated() {
	make -s -C "$1" test CC="$CC" CFLAGS=-O0 >/dev/null 2>&1 || fail "$1: self-test"
	cp "$1/$2" kept
	entries=$(awk -v table=" $3\\\\[" '$0 ~ table { on = 1; next } /^};/ { on = 0 } on' "$1/$2" | grep -o '0x[0-9a-f]*' | wc -l)
	[ "$entries" -gt 0 ] || fail "$1: no table $3"
	for which in 1 $((entries / 2 + 1)) "$entries"; do
		awk -v table=" $3\\\\[" -v which="$which" '
			$0 ~ table { on = 1 }
			/^};/ { on = 0 }
			{
				line = ""
				while (on && match($0, /0x[0-9a-f]*/)) {
					number = substr($0, RSTART, RLENGTH)
					if (++seen == which) {
						last = substr(number, length(number))
						number = substr(number, 1, length(number) - 1) (last == "1" ? "0" : "1")
					}
					line = line substr($0, 1, RSTART - 1) number
					$0 = substr($0, RSTART + RLENGTH)
				}
				print line $0
			}' kept >"$1/$2"
		cmp -s kept "$1/$2" && fail "$1: nothing was changed in $3"
		if make -s -C "$1" test CC="$CC" CFLAGS=-O0 >said 2>&1; then
			fail "$1: the self-test passes with a wrong number $which in $3"
		fi
		grep -q '^FAIL' said || fail "$1: the self-test does not say that it failed"
	done
	cp kept "$1/$2"
}
for table in first last losses; do mutated c_open annealed_test.c $table; done
expect 0 "$GRADUS" emit c small_net -o net
for table in values alone gradients; do mutated net small_net_test.c $table; done

finish
