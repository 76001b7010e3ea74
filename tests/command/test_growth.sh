# Derivatives of derivatives: how many scalar operations every order is written out in, counted. One order of a gradient's square costs
# what a gradient costs, a small multiple of what it is of; work that is done twice would show here first. And `check` says when it is too much.
. "$SOURCE_DIR/tests/command/lib.sh"

# program FUNCTION ORDERS
program() {
	printf 'objective f() {\n  given W : [3, 3] ~ normal(0, 1)\n  param x : [3] = 0.7\n  let h = tanh(W @ x)\n  let e0 = %s\n' "$1"
	k=0
	while [ $k -lt "$2" ]; do
		printf '  let g%d = grad(e%d, x)\n  let e%d = dot(g%d, g%d)\n' $k $k $((k + 1)) $k $k
		k=$((k + 1))
	done
	printf '  minimize e%d + sum(h)\n}\n' "$2"
}

# grows FUNCTION MOST: the factor from one order to the next
grows() {
	before=
	for orders in 1 2 3 4 5; do
		program "$1" $orders >order.grad
		expect 0 "$GRADUS" show ir order.grad f
		count=$(grep -o '[a-z_0-9]*(' out | wc -l)
		[ -z "$before" ] || awk -v a="$before" -v b="$count" -v most="$2" 'BEGIN { exit !(b <= most * a) }' ||
			fail "$1: $count operations in order $orders, after $before"
		before=$count
	done
}
grows 'sum[i](sin(x[i]) * exp(x[i]))' 3.6
grows 'sum(tanh(W @ h)^2)' 3.6
grows 'sum[i](x[i] / (1 + x[i]^2)) * prod(x)' 4.6

program 'sum[i](x[i] / (1 + x[i]^2)) * prod(x)' 12 >long.grad
expect 1 "$GRADUS" check long.grad
has out E0140
program 'sum(tanh(W @ h)^2)' 3 >short.grad
expect 0 "$GRADUS" check short.grad
# an experiment's own arguments, and a rule
cat >given.grad <<'E2'
objective deep(turns = 1) {
  param x : [2] = [0.5, 0.7]
  var s = x
  for k in 0..turns {
    s <- s + 0.1 * grad(sum(sin(s) * s), x)
  }
  minimize sum(s^2)
}
optimizer plain() {
  learn rate = 0.1
  x <- x - rate * g
}
experiment e {
  train plain
  on deep(turns = 20)
  horizon 5
}
E2
expect 1 "$GRADUS" check given.grad
has out E0140
has err '1 error'

finish
