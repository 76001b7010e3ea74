#!/bin/sh
# What is wrong with a rule to compare with is told before anything is trained or tuned; and chances of few problems are exact.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >program.grad <<'END'
objective small() {
  given a ~ normal(0, 1)
  param w : [3] = 1
  minimize sum((w - a)^2)
}
objective smaller() {
  param w : [2] = 1
  minimize sum(w^2)
}
optimizer learned() {
  learn rate = 0.1 in (0, 1)
  x <- x - rate * g
}
joint optimizer too_far(lr = 0.1) {
  x <- x - lr * g[7]
}
optimizer no_file(lr = 0.1) {
  learn W : [3] from "none.safetensors"
  x <- x - lr * g * sum(W)
}
joint optimizer of_three(lr = 0.1) {
  x <- x - lr * g[2]
}
END
for rule in too_far no_file of_three; do
	code=1
	[ $rule = no_file ] && code=5 # a file of weights that cannot be read
	cat program.grad - >wrong.grad <<END
experiment e {
  train   learned()
  on      small(), smaller()
  horizon 10
  update  adam(lr = 0.01) for 100000 steps
  against adam, $rule
}
END
	expect $code "$GRADUS" train wrong.grad -o run
	has err wrong.grad
	lacks err 'step 1/'
	[ ! -e run ] || fail "a run folder was made"
	expect $code "$GRADUS" compare adam -f program.grad --on small,smaller --against momentum,$rule
	has err program.grad
	[ ! -s out ] || fail "something was compared before $rule was refused"
done

# The first rule is the subject. 2^(1 - n) is the least chance that n problems allow, and all chances are multiples of it.
for n in 2 5 9 16; do
	expect 0 "$GRADUS" compare gradient_descent adam momentum -f program.grad --on small --test $n --train 4 --steps 6 --json
	has out '"subject": "gradient_descent"'
	grep -o '"chance": [0-9][^,}]*' out | awk -v n=$n '
		{ count++; times = $2 * 2 ^ (n - 1); if (times < 1 || times != int(times)) bad = 1 }
		END { exit !(count == 2 && !bad) }' || fail "chances of $n problems"
done

finish
