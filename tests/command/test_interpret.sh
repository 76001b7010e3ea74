#!/bin/sh
# --interpret gives the bits of --strict: value, gradient and reports of every objective of the library and of the examples, and
# runs of minimize. Objectives are found, not listed.
. "$SOURCE_DIR/tests/command/lib.sh"

objectives() {
	library Families | sed 's/^/- /'
	for file in "$SOURCE_DIR"/examples/*.grad; do
		open_learner "$file" && continue
		sed -n "s#^objective \([a-z_0-9]*\).*#$file \1#p" "$file"
	done
}

# both VERB WORDS...: the output under --interpret and under --strict is the same
both() {
	for mode in interpret strict; do
		expect 0 "$GRADUS" "$@" --json --$mode
		grep -v '"seconds"\|"compile' out >$mode.json
	done
	cmp -s interpret.json strict.json || { fail "$*: --interpret and --strict differ"; diff interpret.json strict.json | head; }
}

count=0
turn=0
objectives >all
while read -r file name; do
	[ "$file" = - ] && where=$name || where="$file $name"
	count=$((count + 1))
	# Entries of the library go one of three ways, by turns; examples go all of them.
	for way in f32 f64 minimize; do
		turn=$((turn % 3 + 1))
		[ "$file" != - ] || [ $turn = 1 ] || continue
		# shellcheck disable=SC2086
		case $way in
		minimize) both minimize $where --with "adam(lr = 0.05)" --steps 7 --instance 1 ;;
		*) both eval $where --instance 3 --precision $way ;;
		esac
	done
	turn=$(((turn + 1) % 3))
done <all
[ "$count" -ge 20 ] || fail "only $count objectives"
for rule in momentum nesterov adagrad rmsprop adamw lion; do
	both minimize small_net --with $rule --steps 12 --problems 5 --precision f32
done

# what is learned and large starts by machine code, and from the same bits
cat >large.grad <<'G'
optimizer large() {
  learn W : [200, 150] ~ normal(0, 0.1)
  learn v : [20] ~ uniform(0, 1) in (-1, 2)
  x <- x - 0.1 * g * (1 + W[3, 7] + mean(W) + v[3])
}
G
for precision in f32 f64; do
	both minimize large.grad small_net --with large --steps 3 --precision $precision
done

# searches that end after other numbers of turns in every lane
cat >searches.grad <<'G'
objective searches(n = 3) {
  given s ~ uniform(1, 60)
  param x : [n] = 1
  var y = s
  var turns = 0
  while y > sum(x^2) limit 30 {
    y <- y / (1.5 + x[0]^2)
    turns <- turns + 1
  }
  minimize (y - x[1])^2 + sum(x^2) * turns
}
joint optimizer backtracking(lr = 1.0) {
  var step = lr
  while value(x - step * g) > f - 0.3 * step * dot(g, g) limit 12 { step <- step / 2 }
  x <- x - step * g
}
G
for rule in adam backtracking; do
	both minimize searches.grad searches --with $rule --steps 6 --problems 37
done

# sizes around the 16 lanes: whole arrays beside windows, slices and joined arrays, which run in lanes of other counts
cat >sizes.grad <<'G'
objective sizes(n = 9) {
  param x[i in n] = sin(i + 1)
  let near[i in n - 1] = (x[i + 1] - x[i])^2
  let joined = concat(x, [0.5], near)
  var y = joined
  y[1..n] <- 2 * x[1..n]
  minimize sum(x^2) + sum(near) + sum[i in n](y[i] * joined[i + 1]) + sum(cumsum(x)) / n
}
G
for n in 2 3 4 5 6 7 8 9 10 14 15 16 17 18 19 20 30 31 32 33 34 47 48 49 50 63 64 65 66 70; do
	both eval sizes.grad --set n=$n
	expect 0 "$GRADUS" eval sizes.grad --set n=$n --json
	{ json_value value <out; json_list gradient <out; } >got
	expect 0 "$GRADUS" eval sizes.grad --set n=$n --json --interpret
	{ json_value value <out; json_list gradient <out; } >want
	near 1e-13 got want
done

# far arguments and tails, in reports as well, where a C library says something else
cat >far.grad <<'G'
objective far() {
  param x : [5] = [1e8, -8.5, 40, 1e-300, -745]
  minimize sum(sigmoid(x)) + tan(x[4]) + where(x[0] > 0, 0, sin(x[0]))
  report sine = sin(x[0])
  report g = gelu(x[1])
  report gamma = lgamma(x[2]) + digamma(x[3])
  report small = exp(x[4]) + expm1(x[3])
}
G
both eval far.grad
finish
