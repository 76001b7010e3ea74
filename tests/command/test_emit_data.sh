# Objectives that read files or draw batches, as C: every type that data can have in memory, batches, several data, categories,
# validate; clean as C and as C++ under all warnings, the numbers of the evaluator bit for bit, nothing read outside whatever the
# caller passes; training in C is what `gradus minimize --strict` does; rules trained on such objectives.
. "$SOURCE_DIR/tests/command/lib.sh"

have() { command -v "$1" >/dev/null; }
have g++ || echo "skipped: no g++, so nothing is compiled as C++"
compilers="$CC"
for other in gcc clang-19; do
	if have $other && [ "$(basename "$CC")" != $other ]; then compilers="$compilers $other"; fi
done
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual -Wcast-align -Wstrict-prototypes -Wundef -Wformat=2 -Werror"
bits="-std=c99 -ffp-contract=off -fno-tree-slp-vectorize -fno-math-errno -fno-trapping-math"
sanitize="-fsanitize=address,undefined -fno-sanitize-recover=all"

# passes FOLDER COMPILER FLAGS...: compiled with warnings as errors; the self-test passes, and the example runs
passes() {
	folder=$1 compiler=$2
	shift 2
	(
		cd "$folder" || exit 1
		for file in *.c; do $compiler $bits $warnings "$@" -c "$file" -o "${file%.c}.o" || exit 1; done
		mv example.o example_of
		$compiler "$@" ./*.o -o self_test -lm && ./self_test | grep '^PASS' || exit 1
		mv example_of example.o
		rm ./*_test.o
		$compiler "$@" ./*.o -o run_example -lm && ./run_example | grep ' at (' || exit 1
		rm ./*.o
	) >said 2>&1 || { fail "$folder: $compiler $*"; head -n 20 said; }
}

# emitted FOLDER ARGUMENTS...: into FOLDER, with that as prefix; the same bytes twice; compiled in many ways
emitted() {
	folder=$1
	shift
	expect 0 "$GRADUS" emit c "$@" -o "$folder" --prefix "$folder"
	[ -d "$folder" ] || return
	cp -r "$folder" again
	expect 0 "$GRADUS" emit c "$@" -o "$folder" --prefix "$folder"
	diff -r "$folder" again >/dev/null || fail "$folder: other bytes the second time"
	rm -r again
	for compiler in $compilers; do
		for level in -O0 -O3 "-O1 $sanitize"; do passes "$folder" $compiler $level; done
	done
	! have g++ || (cd "$folder" && for file in *.c; do
		g++ -std=c++11 -x c++ -Wall -Wextra -Wpedantic -Wconversion -Werror -fsyntax-only "$file" || exit 1
	done) >said 2>&1 || { fail "$folder: C++"; head -n 20 said; }
}

# ---- every type in memory ----

# IDX files of 6 numbers: type, width and range of CSV do not matter there
idx() { printf "\\000\\000\\$1\\001\\000\\000\\000\\006$2" >"$3"; }
idx 010 '\000\001\177\200\377\003' u8.idx
idx 011 '\000\001\177\200\377\003' i8.idx
idx 013 '\000\000\000\001\177\377\200\000\377\377\000\003' i16.idx
idx 014 '\000\000\000\000\000\000\000\001\177\377\377\377\200\000\000\000\377\377\377\377\000\000\000\003' i32.idx
idx 015 '\077\200\000\000\275\314\314\315\000\000\000\001\177\177\377\377\200\000\000\000\100\111\017\333' f32.idx
idx 016 '\077\360\000\000\000\000\000\000\277\271\231\231\231\231\231\232\000\000\000\000\000\000\000\001\176\067\344\074\210\000\165\234\200\000\000\000\000\000\000\000\100\011\041\373\124\104\055\030' f64.idx
printf '0\n1\n32767\n32768\n65535\n3\n' >u16.csv
printf '0\n1\n2147483647\n2147483648\n4294967295\n3\n' >u32.csv
printf '0\n1\n-4294967295\n9007199254740991\n-9007199254740992\n3\n' >i64.csv
printf '0\n1\n1\n0\n1\n1\n' >bool.csv
{
	echo 'objective types(n = 6) {'
	for type in u8 i8 i16 i32 f32 f64 u16 u32 i64; do
		file=$type.idx
		[ -f $file ] || file=$type.csv
		echo "  data real_$type : [n] from \"$file\""
		case $type in f*) ;; *) echo "  data whole_$type : int[n] from \"$file\"" ;; esac
	done
	echo '  data truth : bool[n] from "bool.csv"'
	echo '  param w : [n] = 0.5'
	printf '  let s[i] = (if truth[i] then 1 else 2)'
	for type in u8 i8 i16 i32 f32 f64 u16 u32 i64; do
		printf ' + tanh(real_%s[i] * w[i])' $type
		case $type in f*) ;; *) printf ' + w[i] * real(whole_%s[i] %% 7)' $type ;; esac
	done
	printf '\n  minimize sum(s * w)\n}\n'
} >types.grad
for real in f32 f64; do
	emitted types_$real types.grad --real $real
	for type in uint8_t int8_t uint16_t int16_t uint32_t int32_t int64_t float double; do
		grep -Eq "const (types_${real}_real|$type) \*" types_$real/types_$real.h || fail "no member of type $type"
	done
	grep -q "const uint8_t \*real_u8;" types_$real/types_$real.h || fail "bytes do not stay bytes"
done

# ---- batches, several data, categories, validate ----

awk 'BEGIN {
	print "kind,a,b,c,class"
	for (i = 0; i < 60; i++)
		printf "%s,%.6g,%.6g,%d,%d\n", substr("pearfigsplumlime", 1 + 4 * (i * 7 % 4), 4), sin(i), cos(3 * i), i % 7 - 3, i % 3 == 0
}' >train.csv
awk 'NR == 1 || NR > 30 && NR < 52' train.csv >test.csv
cat >fruit.grad <<'E3'
objective fruit(size = 8) {
  data X    : [n, 3] from "train.csv" columns "a", "b", "c"
  data kind : int[n] from "train.csv" columns "kind"
  data y    : int[n] from "train.csv" columns "class"
  data other_X    : [m, 3] from "test.csv" columns "a", "b", "c"
  data other_kind : int[m] from "test.csv" columns "kind"
  data other_y    : int[m] from "test.csv" columns "class"
  given scale : [3] ~ uniform(0.5, 2)
  batch pick  : int[size] ~ integer(0, n)
  batch noise[i in size, j in 3] ~ normal(0, 0.01 * scale[j])
  batch flip  : bool[size] ~ bernoulli(0.1)
  batch epoch : int[7] ~ permutation(n)
  batch weight : real ~ uniform(0.5, 1)
  param w : [3] ~ normal(0, 1)
  param b : [4] = 0
  let centre[j] = mean[i](X[i, j])
  let z[i] = sum[j](scale[j] * (X[pick[i], j] - centre[j] + noise[i, j]) * w[j]) + b[kind[pick[i]]]
  let truth[i] = if flip[i] then 1 - y[pick[i]] else y[pick[i]]
  let seen[i] = sum[j](X[epoch[i], j] * w[j])
  let loss = weight * mean[i](softplus(z[i]) - truth[i] * z[i]) + mean(seen^2) / 10
  minimize loss
  validate loss with X = other_X, kind = other_kind, y = other_y
}
# A given batch size that is the size of the data; nothing else is read.
objective shuffled_noise(n = 5) {
  batch e : [n] ~ normal(0, 1)
  param w : [n] = 0.5
  minimize sum((w + e)^2)
}
# All of the data, and categories as indices of a table of weights.
objective table() {
  data kind : int[n] from "train.csv" columns "kind"
  data y    : [n] from "train.csv" columns "class"
  param b : [4] = 0
  minimize mean[i]((b[kind[i]] - y[i])^2)
  validate max[i](abs(b[kind[i]] - y[i]))
}
E3
for real in f32 f64; do
	emitted fruit_$real fruit.grad fruit --real $real
done
emitted noise fruit.grad shuffled_noise --real f64
emitted table fruit.grad table
has table/README.md '| `kind` | [60] | `uint8_t` | `kind_size` = 60 |'
has fruit_f32/fruit_f32.h 'int64_t pick[8];'

# Training in C, by an emitted rule: what `gradus minimize --strict` does. Both see the batches of the same steps.
cat >run.c <<'E3'
#include "rule/rule.h"
#include "fruit/fruit.h"
#include "fruit/fruit_instance.h"

int main(void) {
	static const size_t sizes[2] = {3, 4};
	REAL x[fruit_N], g[fruit_N], *params[2] = {x, x + 3};
	const REAL *grads[2] = {g, g + 3};
	fruit_data data;
	fruit_batch batch;
	fruit_validate_batch held;
	size_t bytes = rule_state_size(sizes, 2);
	void *work = malloc(fruit_work_size()), *state = malloc(bytes), *read = fruit_read_data("fruit/fruit_data.bin", &data);
	int step;
	if (!read || !work || !state)
		return 1;
	fruit_instance(&data, x);
	if (rule_init(state, bytes, sizes, 2, params, NULL))
		return 2;
	for (step = 0; step <= 40; step++) {
		REAL value;
		if (fruit_draw(&data, 0, 0, step + 1, &batch, work) || fruit_validate_draw(&data, 0, 0, step + 1, &held, work))
			return 3;
		value = fruit_value_gradient(&data, &batch, x, work, g);
		printf("%.17g\n", (double)fruit_validate(&data, &held, x, work));
		if (step < 40 && rule_step(state, params, grads, value))
			return 4;
	}
	free(read);
	free(work);
	free(state);
	return 0;
}
E3
for real in f32 f64; do
	expect 0 "$GRADUS" emit c adam -o rule --prefix rule --real $real --force
	expect 0 "$GRADUS" emit c fruit.grad fruit -o fruit --prefix fruit --real $real --force
	c=float
	[ $real = f32 ] || c=double
	expect 0 $CC $bits -O2 -DREAL=$c run.c rule/rule.c fruit/fruit.c -lm -o run
	./run >mine || fail "run: $?"
	expect 0 "$GRADUS" minimize fruit.grad fruit --with adam --steps 40 --strict --precision $real --json
	json_list f <out | awk 'NF { printf "%.17g\n", $1 }' >theirs
	[ "$(wc -l <theirs)" -eq 41 ] || fail "no curve"
	cmp mine theirs || { fail "$real: C and gradus minimize --strict differ"; paste mine theirs | head -n 5; }
done

# ---- what callers pass ----

cat >wrong.c <<'E3'
#include "fruit/fruit.h"
#include "fruit/fruit_instance.h"

static int failures;
static void is(int holds, int line) {
	if (!holds) {
		printf("line %d\n", line);
		failures++;
	}
}
#define IS(condition) is((condition) ? 1 : 0, __LINE__)
#define IS_NAN(e) do { const double value = (double)(e); IS(value != value); } while (0)

int main(void) {
	double x[fruit_N], g[fruit_N];
	fruit_data data, other;
	fruit_batch batch, bad;
	fruit_validate_batch held;
	void *work = malloc(fruit_work_size()), *read = fruit_read_data("fruit/fruit_data.bin", &data);
	uint8_t kinds[60];
	static const int64_t far[] = {-1, 60, 61, 1000, INT64_MAX, INT64_MIN, INT64_C(1) << 61};
	size_t i, k;
	fruit_instance(&data, x);
	IS(fruit_read_data("fruit/fruit.h", &other) == NULL);
	IS(fruit_read_data("nowhere", &other) == NULL);
	IS(fruit_draw(&data, 0, 0, 1, &batch, work) == fruit_ok);
	IS(fruit_validate_draw(&data, 0, 0, 1, &held, work) == fruit_ok);
	IS(fruit_value(&data, &batch, x, work) > 0);
	IS(fruit_validate(&data, &held, x, work) > 0);
	/* picks out of range */
	for (i = 0; i < sizeof far / sizeof *far; i++) {
		for (k = 0; k < 8; k++) {
			bad = batch;
			bad.pick[k] = far[i];
			IS_NAN(fruit_value(&data, &bad, x, work));
			IS_NAN(fruit_value_gradient(&data, &bad, x, work, g));
			IS_NAN(g[0]);
		}
	}
	bad = batch;
	bad.pick[0] = 59;
	bad.flip[0] = 255;
	IS(fruit_value(&data, &bad, x, work) > 0);
	/* categories out of range */
	for (i = 0; i < 60; i++)
		kinds[i] = 4;
	other = data;
	other.kind = kinds;
	IS(fruit_check(&other) == fruit_ok);
	IS_NAN(fruit_value_gradient(&other, &batch, x, work, g));
	IS_NAN(g[fruit_N - 1]);
	/* sizes and pointers */
	other = data;
	other.kind_size = 59;
	IS(fruit_check(&other) == fruit_bad_size);
	IS(fruit_draw(&other, 0, 0, 1, &bad, work) == fruit_bad_size);
	IS_NAN(fruit_value(&other, &batch, x, work));
	IS_NAN(fruit_value_gradient(&other, &batch, x, work, g));
	IS_NAN(fruit_validate(&other, &held, x, work));
	other = data;
	other.other_X = NULL;
	IS(fruit_check(&other) == fruit_bad_argument);
	IS_NAN(fruit_value(&other, &batch, x, work));
	IS(fruit_check(NULL) == fruit_bad_argument);
	IS_NAN(fruit_value(NULL, &batch, x, work));
	IS_NAN(fruit_value(&data, NULL, x, work));
	IS_NAN(fruit_value_gradient(&data, NULL, x, work, g));
	IS(fruit_draw(&data, 0, 0, 1, NULL, work) == fruit_bad_argument);
	/* other numbers of the same size are as good: with all classes 0 and far to that side, nothing is lost */
	for (i = 0; i < 60; i++)
		kinds[i] = 0;
	other = data;
	other.y = kinds;
	for (k = 0; k < fruit_N; k++)
		x[k] = k < 3 ? 0 : -100;
	for (k = 0; k < 8; k++)
		batch.flip[k] = 0;
	IS(fruit_value(&other, &batch, x, work) < 1e-20);
	free(read);
	free(work);
	return failures;
}
E3
for compiler in $compilers; do
	expect 0 $compiler -std=c99 -Wall -Wextra -Wpedantic -Werror -O1 -g $sanitize wrong.c fruit/fruit.c -lm -o wrong
	expect 0 ./wrong
done

# ---- much to compute: the figures of the self-test come from machine code, and are those of the evaluator ----

awk 'BEGIN {
	for (i = 0; i < 240; i++)
		for (j = 0; j < 19; j++)
			printf "%d%s", (i * 37 + j * j * 11) % 251 - 100, j < 18 ? "," : "\n"
}' >bytes.csv
cat >much.grad <<'E3'
objective much(k = 23) {
  data X : int[n, d] from "bytes.csv"
  given shift : [d] ~ normal(0, 1)
  batch pick : int[48] ~ integer(0, n)
  batch keep : bool[k] ~ bernoulli(0.9)
  param W : [d, k] ~ normal(0, 0.01)
  param V : [k, k] ~ normal(0, 0.1)
  let h[i in 48, c in k] = tanh(sum[j](real(X[pick[i], j]) * W[j, c]) + shift[c % d])
  let z[i, c] = sum[b](if keep[b] then h[i, b] * V[b, c] else 0)
  let far[i, l in 48] = sum[c](exp(-(z[i, c] - z[l, c])^2))
  minimize mean[i](logsumexp[c](z[i, c])) + mean(log(far))
}
E3
for real in f32 f64; do
	expect 0 "$GRADUS" emit c much.grad -o much_$real --prefix much --real $real
	expect 0 "$GRADUS" emit c much.grad -o evaluated_$real --prefix much --real $real --interpret
	diff -r much_$real evaluated_$real >/dev/null || fail "$real: machine code gives other figures than the evaluator"
	expect 0 make -s -C much_$real test CC="$CC" >out
	has out PASS
done

# Draws that are no matter of the caller alone.
cat >refused.grad <<'E3'
objective refused() {
  param w : [3] = 1
  batch e[i in 3] ~ normal(w[i], 1)
  minimize sum(e^2)
}
E3
expect 1 "$GRADUS" emit c refused.grad -o refused
has err E0815
has err 'draws a batch that depends on parameters'
[ ! -e refused ] || fail "a folder is made in spite of an error"
sed 's/^  data y .*/  data y : int[n] from "nowhere.csv"/' fruit.grad >absent.grad
expect 1 "$GRADUS" emit c absent.grad table -o absent
has err 'nowhere.csv: No such file'

# ---- rules trained on such objectives ----

cat >learned.grad <<'E3'
import "fruit.grad"
optimizer rate() {
  learn lr = 0.1 in (0, inf)
  x <- x - lr * g
}
experiment fill {
  train    rate()
  on       fruit()
  problems 16 train, 0 select, 4 test
  horizon  5
  update   adam(lr = 0.1) for 3 steps
}
E3
expect 0 "$GRADUS" train learned.grad --out trained
expect 0 "$GRADUS" emit c trained -o rate
expect 0 make -s -C rate test CC="$CC"
has out PASS

finish
