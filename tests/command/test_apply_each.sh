#!/bin/sh
# A rule applied to every coordinate, `each { apply R() }`: where R treats coordinates alike and alone, that is R; where a condition tells
# coordinates apart, each has the states that its own conditions have led to. Every rule of the library is tried: it is either the same
# to the last bit, or refused as one that looks at more than one coordinate.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >net.grad <<'E2'
objective net() {
  given A : [6, 3] ~ normal(0, 1)
  param W : [3, 2] ~ normal(0, 0.5)
  param b : [2] = 0.1
  param s : real = 0.7
  let z[i, k] = tanh(sum[j](A[i, j] * W[j, k]) + b[k])
  minimize mean((z - s)^2) + s^2 / 10
}
E2

# x_of RULE OPTIONS...: the x of a short run, a number a line
x_of() {
	rule=$1
	shift
	"$GRADUS" minimize net.grad net --file rule.grad --with "$rule" --steps 5 --strict --json "$@" >out 2>err || return 1
	json_list x <out
}

same=0 refused=0
for rule in $("$GRADUS" show std | awk '/^[A-Z]/ { rules = /[Oo]ptimizer|[Rr]ules/ } /^  / { print $1 }'); do
	printf 'optimizer outside() {\n  apply %s()\n}\n' "$rule" >rule.grad
	"$GRADUS" check rule.grad >out 2>err || continue
	printf 'optimizer inside() {\n  each {\n    apply %s()\n  }\n}\n' "$rule" >>rule.grad
	if "$GRADUS" check rule.grad >out 2>err; then
		x_of outside --interpret >a || fail "$rule: $(head -n 2 err)"
		x_of inside --interpret >b || fail "$rule: $(head -n 2 err)"
		[ "$(grep -c . a)" -eq 9 ] || fail "$rule: no numbers"
		cmp -s a b || fail "$rule is another rule where it is applied to every coordinate"
		same=$((same + 1))
	else
		[ "$(grep -c '^error' out)" -eq 1 ] || fail "$rule: not one mistake"
		grep -q 'E0397' out || fail "$rule: $(head -n 1 out)"
		refused=$((refused + 1))
	fi
done
[ $same -ge 25 ] && [ $refused -ge 20 ] || fail "only $same rules are the same, and $refused refused"

# Conditions of each coordinate: as written out with `where`.
cat >rule.grad <<'E2'
optimizer moved(lr = 0.1, beta = 0.9) {
  state m = 0
  m <- beta * m + g
  x <- x - lr * m
}
optimizer apart(limit = 0.05) {
  each {
    if abs(g) > limit { apply moved(lr = 0.2) } else { apply moved(lr = 0.3, beta = 0.5) }
  }
}
optimizer written_out(limit = 0.05) {
  state first = 0
  state second = 0
  let large = abs(g) > limit
  first <- where(large, 0.9 * first + g, first)
  second <- where(large, second, 0.5 * second + g)
  x <- where(large, x - 0.2 * first, x - 0.3 * second)
}
# In loops of a coordinate, with arguments and gradients of its own, and inside of another rule.
optimizer in_turns(base = moved, turns = 6) {
  each {
    for k in 0..turns {
      if x > 0.1 * k { apply base(lr = 0.05 / (1 + abs(x)), g = 2 * g + x) }
    }
  }
}
optimizer in_turns_written_out() {
  state m = 0
  for k in 0..6 {
    let goes = x > 0.1 * k
    m <- where(goes, 0.9 * m + 2 * g + x, m)
    x <- where(goes, x - 0.05 / (1 + abs(x)) * m, x)
  }
}
optimizer nested() {
  apply in_turns(base = apart_once)
}
optimizer apart_once(lr = 0.1) {
  each { if g > 0 { apply moved(lr = lr) } }
}
optimizer nested_written_out() {
  state m = 0
  for k in 0..6 {
    let seen = 2 * g + x
    m <- where(x > 0.1 * k, where(seen > 0, 0.9 * m + seen, m), m)
    x <- where(x > 0.1 * k, where(seen > 0, x - 0.05 / (1 + abs(x)) * m, x), x)
  }
}
# What is learned by the rule that is applied.
optimizer learned(first = 0.1) {
  learn rate = first in (1e-4, 1)
  state m = 0
  m <- 0.5 * m + g
  x <- x - rate * m
}
optimizer learns() {
  each { if abs(g) > 0.02 { apply learned() } }
}
E2
expect 0 "$GRADUS" check rule.grad
for pair in "apart written_out" "in_turns in_turns_written_out" "nested nested_written_out"; do
	# shellcheck disable=SC2086
	set -- $pair
	for ways in "" --interpret "--precision f32" "--threads 2 --problems 20"; do
		# shellcheck disable=SC2086
		x_of "$1" $ways >a || fail "$1 $ways: $(head -n 3 err)"
		# shellcheck disable=SC2086
		x_of "$2" $ways >b || fail "$2 $ways: $(head -n 3 err)"
		near 1e-6 a b
	done
	expect 0 "$GRADUS" emit c rule.grad "$1" --real f64 -o "c_$1"
	(cd "c_$1" && make -s CC="$CC" test >../made 2>&1) || fail "$1: the self-test"
done

# The gradient by what is learned, of both modes.
cat net.grad rule.grad - >fill.grad <<'E2'
experiment fill {
  train    learns()
  on       net()
  problems 6 train, 0 select, 4 test
  horizon  8
  update   adam(lr = 0.05) for 20 steps
}
E2
for how in 'backprop()' 'forward()'; do
	sed "s/  update   adam/  estimate $how\n  update   adam/" fill.grad >way.grad
	expect 0 "$GRADUS" train way.grad fill -o "run_$how" --precision f64
	grep 'rate =' out >>rates
done
[ "$(sed 's/[^0-9.e-]//g' rates | cut -c 1-12 | sort -u | grep -c .)" -eq 1 ] || {
	fail "backprop and forward learn different rates"
	cat rates
}
finish
