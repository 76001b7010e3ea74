# Several open expressions in a rule, open updates of states, and open expressions in `each`: what there is to search, a search, what it leaves; filled
# in by hand; what cannot be.
. "$(dirname "$0")/lib.sh"

cat >open.grad <<'END'
joint optimizer two(lr = 0.1) {
  state m = 0
  m <- discover(m, g / rms(g), size = 3)
  x <- x - lr * discover(m, g / rms(g), f, size = 4)
}
optimizer each_own(lr = 0.1) {
  state m = 0
  each {
    m <- discover(m, g, size = 3)
    x <- x - lr * discover(m, g, f, size = 3)
  }
}
optimizer three(lr = 0.1, eps = 1e-8) {
  state m = 0
  state v = 0
  m <- discover(m, g, size = 3)
  let second = discover(v, g, size = 5)
  v <- second
  x <- x - lr * discover(m, sqrt(abs(v)) + eps, size = 3, ops = "+ * /")
}
optimizer a_number(lr = 0.1) {
  let scale = discover(f, t / horizon, size = 2)
  x <- x - lr * scale * discover(g, x, size = 3)
}
optimizer only_a_state(lr = 0.1) {
  state m = 0
  m <- discover(m, g, size = 3)
  x <- x - lr * m
}
experiment pair {
  train    two()
  on       robust_regression(n = 20)
  problems 8 train, 6 select, 10 test
  horizon  20
  search   evolve(population = 20, islands = 2) for 400 candidates
  against  adam
}
experiment by_coordinate {
  train    each_own()
  on       robust_regression(n = 20), small_net(n = 8)
  problems 4 train, 4 select, 4 test
  horizon  10
  search   auto for 200 candidates
}
experiment triple {
  train    three()
  on       small_net(n = 8)
  problems 4 train, 4 select, 4 test
  horizon  10
  search   evolve for 200 candidates
}
experiment numbers {
  train    a_number()
  on       small_net(n = 8)
  problems 4 train, 4 test
  horizon  10
  search   random for 100 candidates
}
experiment state {
  train    only_a_state()
  on       quadratic(n = 3)
  problems 4 train, 4 select, 4 test
  horizon  10
}
END
expect 0 "$GRADUS" check open.grad

# ---- what there is to search ----
expect 0 "$GRADUS" show space open.grad two
has out 'two has several open expressions'
has out 'at most 3 nodes'
has out 'at most 4 nodes'
has out 'as it becomes a state'
expect 0 "$GRADUS" show space open.grad only_a_state
has out 'of degree 1, as it becomes a state'
expect 0 "$GRADUS" info open.grad three
has out 'discover(m, g, size = 3)'
has out 'discover(v, g, size = 5)'
expect 0 "$GRADUS" info open.grad three --json
has out '"more_open_expressions"'

# ---- searches ----
for name in pair by_coordinate triple numbers state; do
	expect 0 "$GRADUS" train open.grad $name -o "run-$name"
	lacks err W0821 # it scores as it did, compiled
	lacks "run-$name/rule.grad" 'discover('
	lacks "run-$name/front.grad" 'discover('
	expect 0 "$GRADUS" check "run-$name/rule.grad" "run-$name/front.grad"
	expect 0 "$GRADUS" compare "run-$name"
	expect 0 "$GRADUS" emit c "run-$name" -o "c-$name"
	(cd "c-$name" && make -s test CC="$CC" CFLAGS="-std=c99 -Wall -Wextra -Werror" >log 2>&1) || fail "the C of $name does not pass its test"
done
expect 0 "$GRADUS" train open.grad pair -o one --strict --threads 1
expect 0 "$GRADUS" train open.grad pair -o three --strict --threads 3
cmp -s one/front.grad three/front.grad || fail "another front on three threads"

# ---- filled in by hand ----
expect 0 "$GRADUS" minimize quadratic --file run-pair/rule.grad --with two --steps 5
sed -n '/^joint optimizer two/,/^}/p' open.grad >alone.grad
expect 0 "$GRADUS" minimize quadratic --file alone.grad --with two --fill 'm + g | sign(m) * f' --steps 5
expect 2 "$GRADUS" minimize quadratic --file alone.grad --with two --fill 'm + g' --steps 5
has err '--fill gives 1 expression'
expect 2 "$GRADUS" minimize quadratic --file open.grad --with two --fill 'm | g' --steps 5
has err 'one rule'
expect 1 "$GRADUS" minimize quadratic --file open.grad --with two --steps 5
has err 'E0333'

# ---- what cannot be ----
expect 1 "$GRADUS" train open.grad pair -o nothing --search enumerate
has err 'E0335'
[ ! -e nothing ] || fail "a search that was refused leaves a folder"
cat >not.grad <<'END'
optimizer five(lr = 0.1) {
  x <- x - lr * (discover(g) + discover(g) + discover(g) + discover(g) + discover(g))
}
END
expect 1 "$GRADUS" check not.grad
has out "E0330"
finish
