# Open expressions: what there is to search, a search, what it leaves, and what becomes of it; one filled in by hand; what cannot be.
. "$(dirname "$0")/lib.sh"

cat >open.grad <<'END'
joint optimizer open_step(lr = 1.0, decay = 0.3) {
  state m = 0
  let s = g / rms(g)
  m <- decay * m + (1 - decay) * s
  x <- x - lr * discover(s, m, f, 1 - (t - 1) / horizon, size = 3)
}
experiment small {
  train    open_step(decay = 0.4)
  on       robust_regression(n = 20)
  problems 8 train, 6 select, 10 test
  horizon  20
  search   enumerate
  keep     4
  against  adam
}
END

# ---- what there is to search ----
expect 0 "$GRADUS" show space open.grad
for words in 'open_step: an expression like x, of at most 3 nodes' '+ - * / sign sqrt lerp rms' 'distinct' \
	'on at most 4 problems for 40 steps'; do
	has out "$words"
done
for line in 'm  *like x  *0' 'f  *a number  *1' '1 - (t - 1) / horizon  *a number  *0'; do
	grep -q "^  $line\$" out || fail "the operand '$line' is not listed"
done
expect 2 "$GRADUS" show space "$SOURCE_DIR/examples/robust.grad"
has err 'no rule has an open expression'
expect 2 "$GRADUS" show space open.grad other
has err 'no rule `other` has an open expression'

expect 0 "$GRADUS" info open.grad
has out 'open expression'
has out 'open_step(decay = 0.4), for its open expression'
expect 0 "$GRADUS" info open.grad --json
has out '"open_expression": "discover(s, m, f'
expect 0 "$GRADUS" info open.grad open_step --fill 'm'
has out 'FLOPs per coordinate'

# ---- a search ----
expect 0 "$GRADUS" train open.grad -o found
has out 'distinct'
grep -q '^ *[0-9] \* ' out || fail 'no winner is marked'
has out 'found/rule.grad'
has found/rule.grad 'lr = '
has found/rule.grad 'decay = 0.4'
lacks found/rule.grad 'discover('
lacks found/front.grad 'discover('
expect 0 "$GRADUS" check found/rule.grad found/front.grad
expect 0 "$GRADUS" compare found
has out 'open_step'
has out 'adam'
expect 0 "$GRADUS" emit c found -o found-c
(cd found-c && make -s test CC="$CC" CFLAGS="-std=c99 -Wall -Wextra -Werror" >log 2>&1) || fail "the C of what was found does not pass its test"

# ---- the same on any number of threads, and by the evaluator ----
expect 0 "$GRADUS" train open.grad -o one --threads 1 --strict
expect 0 "$GRADUS" train open.grad -o three --threads 3 --strict
cmp -s one/rule.grad three/rule.grad || fail "another rule on three threads"
cmp -s one/front.grad three/front.grad || fail "another front on three threads"
sed 's/problems 8 train, 6 select/problems 2 train, 2 select/; s/size = 3/size = 1/; s/horizon  20/horizon  4/' open.grad >tiny.grad
expect 0 "$GRADUS" train tiny.grad -o compiled --strict
expect 0 "$GRADUS" train tiny.grad -o evaluated --interpret
cmp -s compiled/front.grad evaluated/front.grad || fail "the evaluator finds another front"

# ---- several tensors, a number for a hole, learned numbers beside it, batches ----
cat >more.grad <<'END'
optimizer by_tensor(lr = 0.1) {
  state m = 0
  m <- 0.5 * m + g
  x <- x - lr * discover(g, m, rms(m), size = 3)
}
optimizer a_number(lr = 0.1) {
  x <- x - lr * g * discover(f, t / horizon, rms(g), size = 3)
}
optimizer beside(lr = 0.1) {
  learn decay = 0.7 in (0, 1)
  state m = 0
  m <- decay * m + g
  x <- x - lr * discover(m, f, size = 3)
}
experiment tensors {
  train by_tensor()
  on small_net(n = 8), quadratic(n = 3)
  problems 4 train, 4 select, 4 test
  horizon 6
}
experiment number {
  train a_number()
  on small_net(n = 8)
  problems 4 train, 4 test
  horizon 6
}
objective judged(n = 4) {
  data A : [m, 2] from "train.csv"
  data B : [k, 2] from "test.csv"
  batch pick : int[n] ~ integer(0, m)
  param w : real ~ normal(0, 1)
  let loss = mean[i](((A[pick[i], 0] * w) - A[pick[i], 1])^2)
  let whole = mean[i]((A[i, 0] * w - A[i, 1])^2)
  minimize loss
  validate whole with A = B
}
experiment validated {
  train beside()
  on judged()
  problems 3 train, 3 select, 3 test
  horizon 7
  score min(f / f0)
}
experiment learned {
  train beside()
  on quadratic(n = 1)
  problems 4 train, 4 select, 4 test
  horizon 6
  score final(log(f))
}
END
printf '1,2\n2,4.1\n3,5.9\n-1,-2\n' >train.csv
printf '1.5,3\n-2,-4\n0.5,1.1\n' >test.csv
for name in tensors number learned validated; do
	expect 0 "$GRADUS" train more.grad $name -o "run-$name"
	lacks err W0821 # it scores as it did, compiled
	expect 0 "$GRADUS" check "run-$name/rule.grad" "run-$name/front.grad"
	expect 0 "$GRADUS" compare "run-$name" --data .
done
grep -q 'learn decay = 0\.[0-9]* in (0, 1)' run-learned/rule.grad || fail 'the learned number is not in the rule'

# ---- filled in by hand ----
expect 1 "$GRADUS" minimize quadratic --file open.grad --with open_step
has err 'E0333'
has err '--fill EXPRESSION'
expect 0 "$GRADUS" minimize quadratic --file open.grad --with open_step --fill 's * f' --steps 5
expect 0 "$GRADUS" emit c open_step --file open.grad --fill 'm' -o filled-c
expect 1 "$GRADUS" minimize quadratic --file open.grad --with open_step --fill 'no_such_name' --steps 5
has err 'E0200'
expect 2 "$GRADUS" minimize quadratic --file "$SOURCE_DIR/examples/robust.grad" --with adam --fill g
has err 'one open expression'

# ---- what cannot be searched ----
expect 2 "$GRADUS" train open.grad -o nothing --steps 5
expect 2 "$GRADUS" train open.grad -o nothing --learn open_step.decay
[ ! -e nothing ] || fail "a search that was refused leaves a folder"
cat >not.grad <<'END'
optimizer no_rate(decay = 0.1) {
  state m = 0
  m <- decay * m + g
  x <- x - discover(g, m, size = 2)
}
optimizer upwards(lr = 0.1) {
  x <- x + lr * discover(g, size = 1)
}
joint optimizer elsewhere(lr = 0.1) {
  let there = gradient(x - lr * g)
  x <- x - lr * discover(g, there, size = 1)
}
# What the search does not see, as it flushes subnormal numbers: every rule is dearer by 10 when it is compiled.
objective subnormal(n = 3) {
  param x : [n] ~ uniform(1, 2)
  let below = x[0] * 1e-20 * 1e-20
  minimize sum((x - 3)^2) + (if below > 0 then 10 else 0)
}
optimizer small_steps(lr = 0.1) {
  x <- x - lr * discover(g, size = 1)
}
experiment without_rate {
  train no_rate()
  on quadratic()
  horizon 4
}
experiment up {
  train upwards()
  on quadratic()
  horizon 4
}
experiment looks_elsewhere {
  train elsewhere()
  on quadratic()
  horizon 4
}
experiment rounding {
  train small_steps()
  on subnormal()
  problems 2 train, 2 select, 2 test
  horizon 3
}
END
for case in 'without_rate E0334' 'up E0820' 'looks_elsewhere E0391'; do
	expect 1 "$GRADUS" train not.grad "${case% *}" -o nothing
	has err "${case#* }"
	[ ! -e nothing ] || fail "a search that found nothing leaves a folder"
done
case $(uname -m) in
x86_64)
	expect 0 "$GRADUS" train not.grad rounding -o rounding
	has err 'W0821'
	;;
esac
finish
