# Choices in words: what a result says of its choices is what --choose takes, with and without choices made before; alternatives that are written
# alike are one; rules as alternatives, and choices of these; rules without a rate.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >words.grad <<'EOF_GRAD'
optimizer inner(lr = 0.1) {
  x <- x - lr * choose { g, sign(g) }
}
optimizer outer(lr = 0.1, decay = 0.9) {
  state m = 0
  m <- decay * m + (1 - decay) * choose { g, g, 2 * g, g }
  let u = choose { m, sign(m) }
  apply choose { inner, choose { gradient_descent, momentum(lr = lr) } }
  x <- x - lr * choose { u, g }
}
optimizer fixed() {
  x <- x - 0.1 * choose { g, sign(g) }
}
experiment words {
  train outer()
  on logistic(n = 20)
  problems 4 train, 4 select, 4 test
  horizon 10
  keep 100
}
experiment without_rate {
  train fixed()
  on logistic(n = 20)
  problems 4 train, 4 select, 4 test
  horizon 10
}
EOF_GRAD

# choices RUN: as the result has them, a line each.
choices() {
	sed -n 's/^ *"choices": "\(.*\)",*$/\1/p' "$1/result.json"
}

expect 0 "$GRADUS" show space words.grad outer
# 2 different ones of the first, the four rules (inner has two): u and the first choice matter for u alone, so (2 * 2 + 1) * (2 + 2).
has out '128 combinations, 20 of them not the same rule'
expect 0 "$GRADUS" train words.grad words -o all
[ "$(choices all | sort -u | wc -l)" -eq 20 ] || fail "not 20 different ones: $(choices all)"
choices all | grep -q 'outer.1=[24]' && fail 'an alternative that is written like the first one'

# Every one of them, as it stands, leaves nothing open but what does not matter, and is the rule that it says.
choices all | sed -n '1~3p' >lines
while read -r line; do
	options=$(echo "$line" | sed 's/[^ ]*=/--choose &/g')
	# shellcheck disable=SC2086
	expect 0 "$GRADUS" minimize 'logistic(n = 20)' --file words.grad --with outer --steps 2 $options
	lacks err 'is no such choice'
done <lines

# After some were made from outside the others are called as before.
expect 0 "$GRADUS" train words.grad words -o rest --choose outer.1=3 --choose outer.3=2
choices rest >lines
grep -q '^4=[12] 5=' lines || fail "the last choice is not called 5: $(cat lines)"
grep -Eq '(^| )[13]=' lines && fail 'a choice that was made is still there'
while read -r line; do
	options=$(echo "$line" | sed 's/[^ ]*=/--choose &/g')
	# shellcheck disable=SC2086
	expect 0 "$GRADUS" minimize 'logistic(n = 20)' --file words.grad --with outer --steps 2 --choose outer.1=3 --choose outer.3=2 $options
done <lines

# A rule that a choice names without arguments is called in what is written.
expect 0 "$GRADUS" show ast words.grad --choose outer.3=1
has out '(apply (call inner))'
expect 0 "$GRADUS" show ast words.grad --choose outer.3=2,outer.4=1
has out '(apply (call gradient_descent))'
expect 0 "$GRADUS" compare all

# No rate is none.
expect 0 "$GRADUS" train words.grad without_rate -o none
grep -q '"rate": null' none/result.json || fail 'a rate of a rule without one'
grep -Eq ' - +1=[12]' out || fail 'the table shows a rate of a rule without one'
cat >number.grad <<'EOF_GRAD'
optimizer bad(lr = 0.1) {
  apply choose { choose { adam, 2 }, momentum }
}
EOF_GRAD
expect 1 "$GRADUS" check number.grad
has out 'expected a rule with its arguments'
finish
