#!/bin/sh
# Every distribution with every argument that it cannot have: known, by index, and as only a run knows it; and what each may have.
. "$SOURCE_DIR/tests/command/lib.sh"

# program HEAD DISTRIBUTION: an objective that draws
program() {
	cat >draws.grad <<GRAD
const table = [1, 2, -1]
objective draws(n = 3) {
  given unknown : real ~ uniform(5, 6)
  given many : int ~ integer(5, 7)
  given k$1 ~ $2
  param x : real = 1
  minimize x^2
  report drawn = sum[i](real(k[i]))
}
GRAD
}

refused() {
	program "$1" "$2"
	expect 1 "$GRADUS" check draws.grad
	has out E0251
}

accepted() {
	program "$1" "$2"
	expect 0 "$GRADUS" check draws.grad
	expect 0 "$GRADUS" eval draws.grad draws
	! grep -q "nan" out || fail "$2 draws NaN"
}

no_number() {
	program "$1" "$2"
	expect 0 "$GRADUS" check draws.grad
	for how in "" --interpret; do
		# shellcheck disable=SC2086
		"$GRADUS" eval draws.grad draws $how >out 2>err
		grep -q "drawn = nan" out || fail "$2 draws: $(cat out err)"
	done
}

real=" : [n]" whole=" : int[n]" truth=" : bool[n]" head="[i in n]"
for bad in inf -inf "(inf - inf)"; do
	refused "$real" "normal($bad, 1)"
	refused "$real" "normal(0, $bad)"
	refused "$real" "uniform($bad, 1)"
	refused "$real" "uniform(0, $bad)"
	refused "$real" "exponential($bad)"
	refused "$real" "loguniform($bad, 1)"
	refused "$real" "loguniform(1, $bad)"
	refused "$truth" "bernoulli($bad)"
done
for bad in "normal(0, -1)" "uniform(1, 1)" "uniform(2, 1)" "uniform(-1e308, 1e308)" "exponential(0)" "exponential(-1)" \
	"loguniform(0, 1)" "loguniform(-1, 1)" "loguniform(2, 1)" "loguniform(1, 1)" "loguniform(-2, -1)"; do
	refused "$real" "$bad"
done
for bad in "normal(0, table[i])" "normal(0, 1 - i)" "exponential(1 - i)" "uniform(1, i)" "loguniform(1, 3 - i)" \
	"bernoulli(i)" "integer(1, i)"; do
	refused "$head" "$bad"
	has out "at i = "
done
refused "$truth" "bernoulli(-0.1)"
refused "$truth" "bernoulli(1.1)"
refused "$whole" "integer(2, 2)"
refused "$whole" "integer(5, 2)"
refused "$whole" "integer(-2305843009213693951, 2305843009213693951)"

for good in "normal(0, 0)" "normal(-3, 1e-300)" "uniform()" "uniform(-1, 1)" "uniform(0, 1e308)" "exponential()" \
	"exponential(1e-300)" "loguniform(1e-300, 1e300)" "normal(unknown, unknown)" "uniform(unknown, unknown + 1)" \
	"exponential(unknown)" "loguniform(unknown, 2 * unknown)"; do
	accepted "$real" "$good"
done
accepted "$truth" "bernoulli(0)"
accepted "$truth" "bernoulli(1)"
accepted "$whole" "integer(-1, 0)"
accepted "$whole" "integer(0, 9007199254740992)"
accepted "$whole" "integer(many, many + 2)"
accepted "$head" "normal(0, table[0] / (i + 1))"

for bad in "normal(0, -unknown)" "uniform(unknown, unknown - 1)" "uniform(unknown, unknown)" "exponential(unknown - 7)" \
	"loguniform(-unknown, 1)" "loguniform(unknown, 1)"; do
	no_number "$real" "$bad"
done
no_number "$whole" "integer(many, 3)"
no_number "$whole" "integer(many, many)"
# over an open size every element is a draw of its own, in every row
for shape in '4, size(x)' '2, 2, size(x)' '4, size(x), 1'; do
	case $shape in
	2*) rows='W[0, 0] - W[1, 0]' ;;
	*1) rows='W[0, :, 0] - W[2, :, 0]' ;;
	*) rows='W[0] - W[2]' ;;
	esac
	printf 'objective o() {\n  param x : [3] = 1\n  minimize sum(x^2)\n}\njoint optimizer r() {\n  learn W : [%s] ~ normal(0, 1)\n  x <- x + 0 * g + (%s)\n}\n' "$shape" "$rows" >open.grad
	for mode in '' --interpret; do
		expect 0 "$GRADUS" minimize open.grad o --with r --steps 1 --json $mode
		has out '"x": ['
		lacks out '"x": [1, 1, 1]'
	done
done

finish
