# gradus show at FILE:LINE:COLUMN: what stands there, where it is declared, its type and its comment.
. "$(dirname "$0")/lib.sh"

cat >places.grad <<'END'
# Twice as much.
fn twice(a) = 2 * a

const table = [1, 2, 3] # three numbers

# A family of valleys.
objective valley(n = 4) {
  # The data.
  given D[i in n, j in 3] ~ normal(0, 1)
  param w : [3] = 0 # what is sought
  let r[i] = sum[j](D[i, j] * w[j])
  var s : real = 0
  for k in 0..n + 2 { s <- s + twice(r[0]) + k }
  minimize s + norm(twice(w)) + table[0]
}
optimizer rule(lr = 0.1) {
  state m = 0
  each { m <- 0.9 * m + g }
  apply momentum(lr = lr, g = m)
}
experiment e { train rule()
  on valley()
  horizon 5
}
END

# at PLACE LINE...: these are the lines that are printed.
at() {
	place=$1
	shift
	printf '%s\n' "$@" >want
	"$GRADUS" show at "places.grad:$place" >out 2>&1 || fail "show at $place: $(cat out)"
	cmp -s want out || fail "show at $place: $(cat out)"
}

at 2:4 'twice: function' 'declared at places.grad:2:4' 'Twice as much.'
at 2:19 'a: parameter, real or real[3]' 'declared at places.grad:2:10'
at 2:17 '2 * a: real or real[3]'
at 4:7 'table: constant' 'declared at places.grad:4:7' 'three numbers'
at 7:18 'n: hyperparameter, number = 4' 'declared at places.grad:7:18'
at 9:9 'D: given, real[4, 3]' 'declared at places.grad:9:9' 'The data.'
at 9:16 'n: hyperparameter, number = 4' 'declared at places.grad:7:18'
at 9:29 'normal: distribution' 'about mean, with that standard deviation'
at 10:9 'w: param, real[3]' 'declared at places.grad:10:9' 'what is sought'
at 11:14 'sum: reduction' 'the sum; of conditions, how many hold'
at 11:18 'j: index, int in 0..3' 'declared at places.grad:11:18'
at 11:23 'i: index, int in 0..4' 'declared at places.grad:11:9'
at 11:31 'w: param, real[3]' 'declared at places.grad:10:9' 'what is sought'
at 13:7 'k: loop counter, int in 0..6' 'declared at places.grad:13:7'
at 13:23 's: var, real' 'declared at places.grad:12:7'
at 13:32 'twice: function, real' 'declared at places.grad:2:4' 'Twice as much.'
at 14:16 'norm: of the language, real' 'the root of the sum of squares; its derivative at 0 is 0'
at 14:21 'twice: function, real[3]' 'declared at places.grad:2:4' 'Twice as much.'
at 14:33 'table: constant, real[3]' 'declared at places.grad:4:7' 'three numbers'
at 17:9 'm: state, real[size(x)]' 'declared at places.grad:17:9'
at 18:21 'm: state, real' 'declared at places.grad:17:9'
at 18:25 'g: what a step is given, real'
at 19:18 'lr: hyperparameter, real' 'declared at <std>/momentum.grad:2:20'
at 21:22 'rule: optimizer' 'declared at places.grad:16:11'
at 22:6 'valley: objective' 'declared at places.grad:7:11' 'A family of valleys.'

# Characters count, not bytes; a file with mistakes has places, too.
printf 'objective o() {\n  param λ : [2] = 1\n  minimize sum(λ) + unknwon\n}\n' >greek.grad
"$GRADUS" show at greek.grad:3:16 >out || fail "show at greek.grad"
grep -q '^λ: param, real\[2\]$' out || fail "greek: $(cat out)"
"$GRADUS" show at greek.grad:3:21 >out || fail "show at an unknown name"
grep -q '^unknwon: unknown$' out || fail "unknown: $(cat out)"

expect 1 "$GRADUS" show at places.grad:1:3
expect 2 "$GRADUS" show at places.grad:99:1
expect 2 "$GRADUS" show at places.grad:2:99
expect 2 "$GRADUS" show at places.grad:2
expect 2 "$GRADUS" show at
expect 4 "$GRADUS" show at missing.grad:1:1
