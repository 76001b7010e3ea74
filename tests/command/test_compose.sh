#!/bin/sh
# Programs made of parts: families made of others, rules that learn inside of rules, functions that are parameters, and files with
# helpers of their own; through every command.
. "$SOURCE_DIR/tests/command/lib.sh"

# values WHAT FILE: the numbers of "f" or "x" in the answer of minimize --json.
values() {
	tr '\n' ' ' <"$2" | sed -n "s/.*\"$1\": *\[\([^]]*\)\].*/\1/p" | tr ',' '\n' | tr -d ' '
}

# alike WHAT TOLERANCE FILE FILE: two answers of minimize have the same f, step by step, or the same x.
alike() {
	values "$1" "$3" >first
	values "$1" "$4" >second
	paste first second | awk -v tolerance="$2" '
		{ count++; off = $1 - $2; off = off < 0 ? -off : off; size = $1 < 0 ? -$1 : $1 }
		NF != 2 || !(off <= tolerance * (1 + size)) { print "    " $1 " and " $2; bad = 1 }
		END { exit bad || count < 2 }' || fail "$3 and $4 differ in $1"
}

# ---- families ----

mkdir -p lib
printf 'a,b,c\n1,2,0\n3,4,1\n5,7,1\n2,2,0\n0,1,1\n4,4,0\n' >lib/rows.csv
printf 'a,b,c\n1,1,0\n3,5,1\n' >lib/more.csv
cat >lib/rows.grad <<'GRAD'
objective rows(size = 3) {
  data X : [n, 2] from "rows.csv" columns 0..2
  data y : int[n] from "rows.csv" columns 2
  data more_X : [m, 2] from "more.csv" columns 0..2
  data more_y : int[m] from "more.csv" columns 2
  batch pick : int[size] ~ integer(0, n)
  param w : [2] = 0.1
  param b : real = 0
  let z[i in size] = sum[j](X[pick[i], j] * w[j]) + b
  let loss = mean[i in size](softplus(z[i]) - y[pick[i]] * z[i])
  minimize loss
  report bias = b
  validate b^2 + mean[i](X[i, 0] * w[0] - y[i]) with X = more_X, y = more_y
}
GRAD
cat >families.grad <<'GRAD'
import "lib/rows.grad"
objective units(base = rows, spread = 3) {
  given s : [size(base)] ~ loguniform(1 / spread, spread)
  param z = start(base) / s
  minimize base(s * z)
}
# The same written out by hand: the draws have the same names.
objective units_by_hand(size = 3, spread = 3) {
  data X : [n, 2] from "lib/rows.csv" columns 0..2
  data y : int[n] from "lib/rows.csv" columns 2
  batch pick : int[size] ~ integer(0, n)
  given s : [3] ~ loguniform(1 / spread, spread)
  param z[i in 3] = (if i < 2 then 0.1 else 0) / s[i]
  let u[i in 3] = s[i] * z[i]
  let v[i in size] = sum[j in 2](X[pick[i], j] * u[j]) + u[2]
  minimize mean[i in size](softplus(v[i]) - y[pick[i]] * v[i])
}
objective louder(base = rows, sd = 1) {
  batch e : real ~ normal(0, sd)
  minimize base + e
}
optimizer small_step() {
  learn rate = 0.1 in (1e-3, 1)
  x <- x - rate * g
}
experiment e {
  train    small_step()
  on       units(), louder(base = units(base = rows(size = 2)))
  problems 4 train, 4 select, 4 test
  horizon  6
  update   adam(lr = 3e-2) for 4 steps
  against  adam
}
GRAD
expect 0 "$GRADUS" check families.grad
lacks out warning
for options in "" --interpret --strict "--precision f32"; do
	# shellcheck disable=SC2086
	expect 0 "$GRADUS" minimize families.grad "units_by_hand" --with "adam(lr = 0.1)" --steps 5 --json $options
	cp out by_hand
	# shellcheck disable=SC2086
	expect 0 "$GRADUS" minimize families.grad "units" --with "adam(lr = 0.1)" --steps 5 --json $options
	cp out composed
	alike x "$([ "$options" = "--precision f32" ] && echo 1e-5 || echo 1e-12)" by_hand composed
done
# What the base validates by comes along: at the start, the value that it has by itself.
expect 0 "$GRADUS" minimize lib/rows.grad rows --with "adam(lr = 0.1)" --steps 1 --json
values f out | head -n 1 >alone
values f composed | head -n 1 >along
[ -s alone ] && awk '{ getline other <"along"; exit !(($1 - other)^2 < 1e-12) }' alone || fail "$(cat alone) and $(cat along) validate"
expect 0 "$GRADUS" eval families.grad units --json
cp out composed
expect 0 "$GRADUS" eval families.grad units_by_hand --json
for what in value gradient; do
	for one in composed out; do
		tr '\n' ' ' <$one | sed -n "s/.*\"$what\": *\(\[[^]]*\]\|[^],}]*\).*/\1/p" >$one.$what
	done
	cmp -s composed.$what out.$what || fail "$what: $(cat composed.$what) and $(cat out.$what)"
done
has composed '"bias": 0'
expect 0 "$GRADUS" eval families.grad louder --set base=logistic --set sd=0
expect 0 "$GRADUS" eval families.grad "louder(base = units(base = logistic(n = 5), spread = 2))"
expect 0 "$GRADUS" info families.grad units
expect 0 "$GRADUS" show ir families.grad louder
expect 0 "$GRADUS" train families.grad e -o run-families
expect 0 "$GRADUS" compare run-families --data lib
expect 0 "$GRADUS" minimize run-families/sources/families.grad units --with run-families --steps 3 --data lib
for family in units "louder(base = units)" "rotated(base = logistic(n = 6))" "summed(first = rows, second = rows(size = 2))"; do
	rm -rf c
	expect 0 "$GRADUS" emit c "$family" families.grad -o c
	expect 0 make -s -C c CC="$CC" CFLAGS="-O1 -Wall -Wextra -Werror" test
done

# ---- rules that learn ----

cat >rules.grad <<'GRAD'
optimizer inner(first = 0.1) {
  learn rate = first in (1e-4, 1)
  learn W : [2] = [first, 2 * first]
  state m = 0
  m <- 0.5 * m + g
  x <- x - (rate + W[0] * W[1]) * m
}
optimizer twofold(base = inner) {
  apply base()
  apply base(g = 0.5 * g)
}
optimizer mixture(a = twofold, b = inner(first = 0.05)) {
  learn share = 0.5 in (0, 1)
  if size(x) > 1 {
    apply a(g = share * g)
  } else {
    apply b()
  }
  apply b(g = (1 - share) * g)
}
# The same without `apply`.
optimizer by_hand() {
  state m1 = 0
  state m2 = 0
  state m3 = 0
  m1 <- 0.5 * m1 + 0.5 * g
  x <- x - (0.1 + 0.1 * 0.2) * m1
  m2 <- 0.5 * m2 + 0.25 * (0 * g) + 0.5 * (0.5 * g)
  x <- x - (0.1 + 0.1 * 0.2) * m2
  m3 <- 0.5 * m3 + 0.5 * g
  x <- x - (0.05 + 0.05 * 0.1) * m3
}
experiment learn_all {
  train    mixture()
  on       quadratic(n = 3), log_sum_exp(n = 4)
  problems 4 train, 4 select, 4 test
  horizon  6
  update   gradient_descent(lr = 1e-12) for 2 steps
  against  adam, mixture
}
experiment learn_within {
  train    clip_by_norm(base = momentum(beta = 0.8))
  on       quadratic(n = 3)
  problems 4 train, 4 select, 4 test
  horizon  6
  update   adam(lr = 1e-2) for 3 steps
  learn    base.lr
}
GRAD
expect 0 "$GRADUS" check rules.grad
expect 0 "$GRADUS" minimize rules.grad "quadratic(n = 3)" --with by_hand --steps 6 --json
cp out by_hand
for options in "" --interpret --strict; do
	# shellcheck disable=SC2086
	expect 0 "$GRADUS" minimize rules.grad "quadratic(n = 3)" --with mixture --steps 6 --json $options
	cp out applied
	alike f 1e-12 by_hand applied
done
expect 0 "$GRADUS" info rules.grad mixture
has out 'a.base.rate'
has out 'b.rate'
expect 0 "$GRADUS" train rules.grad learn_all -o run-all
for line in 'optimizer inner(first = 0.1)' 'optimizer inner_2(first = 0.1)' 'optimizer twofold(base = inner)' \
	'optimizer mixture(a = twofold, b = inner_2(first = 0.05))' 'learn W : [2] from "weights.safetensors"'; do
	has run-all/rule.grad "$line"
done
expect 0 "$GRADUS" check run-all/rule.grad
expect 0 "$GRADUS" minimize "quadratic(n = 3)" --with run-all --steps 6 --json
cp out trained
alike f 1e-6 by_hand trained
expect 0 "$GRADUS" compare run-all
expect 0 "$GRADUS" emit c run-all --on "quadratic(n = 3)" -o c-rule
expect 0 make -s -C c-rule CC="$CC" CFLAGS="-O1 -Wall -Wextra -Werror" test
expect 0 "$GRADUS" train rules.grad learn_within --learn base.beta --learn clip_by_norm.limit -o run-within
has out 'base.lr = '
has out 'base.beta = '
grep -Eq 'optimizer clip_by_norm\(base = momentum\(lr = 0\.[0-9]+, beta = 0\.[0-9]+\), limit = [0-9.]+ in' run-within/rule.grad ||
	fail "run-within/rule.grad: $(grep optimizer run-within/rule.grad)"
expect 0 "$GRADUS" minimize "quadratic(n = 3)" --with run-within --steps 3
expect 2 "$GRADUS" train rules.grad learn_within --learn base.lr -o run-none
has err 'base.lr is learned twice'
expect 2 "$GRADUS" train rules.grad learn_within --learn momentum.lr -o run-none
has err '--learn takes clip_by_norm.NAME'
expect 1 "$GRADUS" train rules.grad learn_within --learn base.speed -o run-none
has err E0309
cat >turns.grad <<'GRAD'
optimizer few() {
  for k in 0..3 { apply adam() }
}
optimizer one() {
  for k in 0..1 { apply momentum() }
  apply momentum()
}
optimizer many() {
  for k in 0..30 { apply adam() }
}
optimizer around() {
  for k in 0..2 { apply cosine(base = adam) }
}
GRAD
expect 0 "$GRADUS" check turns.grad
# In loops of known turns, few and many, in `while`, and under a condition that is open: the same written out by hand.
cat >loops.grad <<'GRAD'
optimizer inner(lr = 0.05) {
  learn keep = 0.5 in (0, 1)
  state m = 0
  state count : real = 0
  count <- count + 1
  if size(x) > 2 {
    state v = 1
    v <- 0.9 * v + 0.1 * g^2
    m <- keep * m + g / sqrt(v)
  } else {
    m <- keep * m + g
  }
  x <- x - lr / sqrt(count) * m
}
optimizer several(turns = 3, base = inner) {
  for k in 0..turns {
    apply base(g = gradient(x) * (1 + 0.1 * k))
  }
}
optimizer several_by_hand(turns = 3, lr = 0.05) {
  state m = 0
  state count : real = 0
  state v = 1
  for k in 0..turns {
    let g2 = gradient(x) * (1 + 0.1 * k)
    count <- count + 1
    v <- 0.9 * v + 0.1 * g2^2
    m <- 0.5 * m + g2 / sqrt(v)
    x <- x - lr / sqrt(count) * m
  }
}
joint optimizer either(lr = 0.05) {
  if f > 20 {
    apply inner(lr = lr)
  } else {
    apply momentum(lr = 0.1 * lr)
  }
}
joint optimizer either_by_hand(lr = 0.05) {
  state m = 0
  state count : real = 0
  state v = 1
  state u = 0
  if f > 20 {
    count <- count + 1
    v <- 0.9 * v + 0.1 * g^2
    m <- 0.5 * m + g / sqrt(v)
    x <- x - lr / sqrt(count) * m
  } else {
    u <- 0.9 * u + g
    x <- x - 0.1 * lr * u
  }
}
joint optimizer until(lr = 0.02) {
  var k = 0
  while value(x) > 0.7 * f limit 4 {
    apply inner(lr = lr, g = gradient(x))
    k <- k + 1
  }
}
joint optimizer until_by_hand(lr = 0.02) {
  state m = 0
  state count : real = 0
  state v = 1
  while value(x) > 0.7 * f limit 4 {
    let g2 = gradient(x)
    count <- count + 1
    v <- 0.9 * v + 0.1 * g2^2
    m <- 0.5 * m + g2 / sqrt(v)
    x <- x - lr / sqrt(count) * m
  }
}
GRAD
expect 0 "$GRADUS" check loops.grad
for pair in "several several_by_hand" "several(turns=12) several_by_hand(turns=12)" "either either_by_hand" "until until_by_hand"; do
	for options in "" --interpret "--precision f32"; do
		for rule in $pair; do
			# shellcheck disable=SC2086
			expect 0 "$GRADUS" minimize loops.grad "quadratic(n = 4)" --with "$rule" --steps 6 --json $options
			mv out "$(case $rule in *by_hand*) echo by_hand ;; *) echo applied ;; esac)"
		done
		alike f "$([ "$options" = "--precision f32" ] && echo 1e-5 || echo 1e-12)" by_hand applied
	done
done
expect 0 "$GRADUS" emit c "several(turns = 12)" loops.grad --on "quadratic(n = 4)" -o c-loops
expect 0 make -s -C c-loops CC="$CC" CFLAGS="-O1 -Wall -Wextra -Werror" test
cat >>loops.grad <<'GRAD'
experiment e {
  train    several(turns = 12)
  on       quadratic(n = 4)
  problems 2 train, 2 select, 2 test
  horizon  4
  update   adam(lr = 1e-2) for 2 steps
}
GRAD
expect 0 "$GRADUS" train loops.grad e -o run-loops
has run-loops/rule.grad 'learn keep = 0.'
has run-loops/rule.grad 'turns = 12'
expect 0 "$GRADUS" minimize "quadratic(n = 4)" --with run-loops --steps 3
# A wrapper of a rule that learns, and one whose parameter is opened, inside of the call.
cat >>rules.grad <<'GRAD'
experiment around {
  train    warm_up(base = mlp_lopt(hidden = 2), steps = 3)
  on       quadratic(n = 3)
  problems 2 train, 2 select, 2 test
  horizon  4
  update   adam(lr = 1e-3) for 2 steps
  learn    warm_up.steps
}
GRAD
expect 0 "$GRADUS" train rules.grad around -o run-around
has run-around/rule.grad 'optimizer warm_up(base = mlp_lopt(hidden = 2), steps = '
expect 0 "$GRADUS" minimize "quadratic(n = 3)" --with run-around --steps 3 --json
lacks err holes

# ---- functions ----

cat >functions.grad <<'GRAD'
fn softsign(a) = a / (1 + abs(a))
optimizer squashed(lr = 0.1, by = tanh) {
  learn scale = 1 in (0.1, 10)
  x <- x - lr * by(scale * g)
}
experiment e {
  train    squashed(by = softsign)
  on       quadratic(n = 3)
  problems 2 train, 2 select, 2 test
  horizon  4
  update   adam(lr = 1e-2) for 2 steps
}
GRAD
expect 0 "$GRADUS" train functions.grad e -o run-functions
has run-functions/rule.grad 'optimizer squashed(lr = 0.1, by = softsign)'
has run-functions/rule.grad 'fn softsign(a)'
expect 0 "$GRADUS" emit c run-functions -o c-functions
expect 0 make -s -C c-functions CC="$CC" CFLAGS="-O1 -Wall -Wextra -Werror" test
expect 0 "$GRADUS" compare "squashed(by = softsign)" --on "quadratic(n = 3)" --against "squashed(by = atan)" -f functions.grad --train 2 --test 2 --steps 4

# ---- files with helpers of their own ----

mkdir -p tree/lib
cat >tree/lib/a.grad <<'GRAD'
const scale = 2
fn helper(a) = a * scale
fn shared(a) = helper(a) + 1
objective of_a() {
  param x : [2] = [1, 2]
  minimize sum(shared(x)^2)
}
optimizer base_rule(lr = 0.1) {
  x <- x - helper(lr) * g
}
GRAD
cat >tree/lib/b.grad <<'GRAD'
import "c.grad"
const scale = 100
fn shared(a) = helper(a) / scale
GRAD
printf 'fn helper(a) = a - 1\n' >tree/lib/c.grad
cat >tree/main.grad <<'GRAD'
import "lib/a.grad"
const scale = 3
fn helper(a) = a + scale
objective of_main() {
  param x : [2] = [1, 2]
  minimize sum(shared(helper(x))^2)
}
optimizer learner(base = base_rule) {
  learn rate = 0.1 in (0, 1)
  apply base(g = helper(g) * rate)
}
experiment e {
  train    learner()
  on       of_main()
  problems 2 train, 2 select, 2 test
  horizon  3
  update   gradient_descent(lr = 1e-12) for 2 steps
}
GRAD
expect 0 "$GRADUS" check tree/main.grad
expect 0 "$GRADUS" eval tree/main.grad of_main --json
has out '"value": 202,'
expect 0 "$GRADUS" eval tree/main.grad of_a --json
has out '"value": 34,'
expect 0 "$GRADUS" train tree/main.grad e -o run-names
has run-names/rule.grad 'fn helper_2(a) = a + scale_2'
expect 0 "$GRADUS" minimize tree/main.grad of_main --with run-names --steps 3 --json
cp out trained
expect 0 "$GRADUS" minimize tree/main.grad of_main --with learner --steps 3 --json
cp out untrained
alike f 1e-6 trained untrained
# What is imported comes before what that imports; two that are as near are one too many; nobody asks for what is not used.
printf 'import "lib/b.grad"\nobjective o() {\n  param x = 3.0\n  minimize shared(x) + 0 * x^2\n}\n' >tree/far.grad
expect 0 "$GRADUS" eval tree/far.grad o --json
has out '"value": 0.02,'
printf 'import "lib/a.grad"\nimport "lib/b.grad"\nobjective o() {\n  param x = 3.0\n  minimize helper(x)^2\n}\n' >tree/near.grad
expect 0 "$GRADUS" eval tree/near.grad o --json
has out '"value": 36,'
sed 's/helper/shared/' tree/near.grad >tree/both.grad
expect 1 "$GRADUS" check tree/both.grad
has out E0323
expect 1 "$GRADUS" eval tree/lib/a.grad tree/lib/b.grad of_a
has err E0322
finish
