#!/bin/sh
# Warnings of `gradus check`: each kind of declaration that nothing depends on, and none where everything is used.
. "$SOURCE_DIR/tests/command/lib.sh"

# warns CODE TEXT <PROGRAM: exactly this warning, exit code 0, in JSON too
warns() {
	cat >program.grad
	expect 0 "$GRADUS" check program.grad
	has out "warning[$1]"
	has out "$2"
	[ "$(grep -c '^warning' out)" = 1 ] || { fail "not one warning"; cat out; }
	has err "no errors, 1 warning"
	expect 0 "$GRADUS" check --json program.grad
	has out "\"code\": \"$1\""
}

silent() {
	cat >program.grad
	expect 0 "$GRADUS" check program.grad
	[ ! -s out ] || { fail "warnings"; cat out; }
}

# One row per kind of declaration: what it is, its line, and a line that uses it.
while IFS='|' read -r kind line used; do
	name=extra
	case $kind in
	given | parameter | 'hyperparameter of an objective')
		hyper="" body=$line
		[ "$kind" = 'hyperparameter of an objective' ] && hyper=", $line" body=""
		word=${kind%% *}
		printf 'objective t(n = 3%s) {\n  %s\n  param w : [n] = 1\n  minimize sum(w^2)\n}\n' "$hyper" "$body" |
			warns W0273 "$word \`$name\` is never used"
		printf 'objective t(n = 3%s) {\n  %s\n  param w : [n] = 1\n  minimize sum(w^2) + %s\n}\n' "$hyper" "$body" "$used" | silent
		printf 'objective t(n = 3%s) {\n  %s\n  param w : [n] = 1\n  minimize sum(w^2)\n  report r = %s\n}\n' "$hyper" "$body" "$used" | silent
		;;
	*)
		hyper="" body=$line
		[ "$kind" = 'hyperparameter' ] && hyper=", $line" body=""
		printf 'optimizer r(lr = 0.1%s) {\n  %s\n  x <- x - lr * g\n}\n' "$hyper" "$body" | warns W0273 "$kind \`$name\` is never used"
		printf 'optimizer r(lr = 0.1%s) {\n  %s\n  x <- x - lr * g * %s\n}\n' "$hyper" "$body" "$used" | silent
		printf 'optimizer r(lr = 0.1%s) {\n  %s\n  each {\n    let h = 2 * %s\n    if t > 1 {\n      x <- x - h * g\n    }\n  }\n  x <- x - lr * g\n}\n' \
			"$hyper" "$body" "$used" | silent
		;;
	esac
done <<'ROWS'
given|given extra : [2] ~ normal(0, 1)|sum(extra)
parameter|param extra : [2] = 1|sum(extra^2)
hyperparameter of an objective|extra = 2|extra
state|state extra = 0|extra
learned|learn extra = 1|extra
hyperparameter|extra = 2|extra
ROWS

# A state that is only fed, and never read, changes nothing.
warns W0273 'state `v` is never used' <<'P'
optimizer r(lr = 0.1, beta = 0.9) {
  state v = 0
  v <- beta * v + g
  x <- x - lr * g
}
P
silent <<'P'
optimizer inner(lr = 0.1, low = 0.01) {
  learn a = lr in (low, 1)
  x <- x - a * g
}
optimizer outer(rate = 0.1, base = momentum) {
  state n = 0
  n <- n + 1
  let r = rate / n
  apply base(lr = mean(r))
}
P
warns W0274 '`r` never moves x' <<'P'
optimizer r(lr = 0.1) {
  state v = 0
  v <- v + lr * g
}
P
warns W0274 '`r` never moves x' <<'P'
optimizer r(lr = 0.1) {
  x <- x
}
P
warns W0275 'depends on no parameter' <<'P'
objective t(n = 3) {
  given a : [n] ~ normal(0, 1)
  param w : [n] = 1
  let s = sum(a)
  minimize s
  report size = sum(w^2)
}
P
# A loop that reads a parameter makes what it assigns depend on it.
silent <<'P'
objective t(n = 3) {
  param w : [n] = 1
  var s = 0
  for k in 0..n {
    s <- s + w[k]^2
  }
  minimize s
}
P
# Where something is wrong, the rest may be unused for that reason.
cat >program.grad <<'P'
objective t(n = 3, unused = 1) {
  param w : [n] = 1
  minimize sum(ww^2)
}
P
expect 1 "$GRADUS" check program.grad
lacks out W0273

for file in "$SOURCE_DIR"/frontend/std/*.grad "$SOURCE_DIR"/examples/*.grad; do
	expect 0 "$GRADUS" check "$file"
	lacks out warning
done
finish
