#!/bin/sh
# gradus minimize: whole trajectories against the published updates, computed by awk.
. "$SOURCE_DIR/tests/command/lib.sh"

# RULE: f before and after each of 50 steps on Rosenbrock's function from (-1.2, 1), then x
published() {
	awk -v rule="$1" 'BEGIN {
		x[0] = -1.2; x[1] = 1
		for (t = 1; t <= 51; t++) {
			r = x[1] - x[0] * x[0]
			printf "%.17g\n", 100 * r * r + (1 - x[0]) * (1 - x[0])
			if (t == 51) break
			g[0] = -400 * x[0] * r - 2 * (1 - x[0]); g[1] = 200 * r
			for (i = 0; i < 2; i++) {
				if (rule == "gradient_descent") x[i] -= 0.001 * g[i]
				if (rule == "momentum") { v[i] = 0.9 * v[i] + g[i]; x[i] -= 0.0005 * v[i] }
				if (rule == "adam") {
					m[i] = 0.9 * m[i] + 0.1 * g[i]; v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i]
					x[i] -= 0.1 * (m[i] / (1 - 0.9 ^ t)) / (sqrt(v[i] / (1 - 0.999 ^ t)) + 1e-8)
				}
			}
		}
		printf "%.17g\n%.17g\n", x[0], x[1] }'
}

for pair in "gradient_descent gradient_descent(lr=0.001)" "momentum momentum(lr=0.0005,beta=0.9)" "adam adam(lr=0.1)"; do
	name=${pair%% *}
	expect 0 "$GRADUS" minimize rosenbrock --with "${pair#* }" --steps 50 --json
	published "$name" >want
	{ json_list f <out; json_list x <out; } | grep . >got
	near 1e-11 got want
	has out '"evaluations": 50'
	expect 0 "$GRADUS" minimize rosenbrock --with "${pair#* }" --steps 50 --json --interpret
	{ json_list f <out; json_list x <out; } | grep . >got
	near 1e-11 got want
done

expect 0 "$GRADUS" minimize rosenbrock --with "adam(lr = 0.1)" --steps 30 --svg curve.svg
has out "30 evaluations"
has out "⠒"
has err "compiled in"
has curve.svg "</svg>"
lacks out "$(printf '\033')"

# several problems of a family; the same numbers on one thread and on two
expect 0 "$GRADUS" minimize logistic --with momentum --problems 20 --steps 10 --json --threads 1
mv out one
expect 0 "$GRADUS" minimize logistic --with momentum --problems 20 --steps 10 --json --threads 2
cmp -s one out || fail "threads change the result"
[ "$(tr '{' '\n' <out | grep -c '"instance"')" -eq 20 ] || fail "not 20 problems"
has out '"evaluations": 200'
expect 0 "$GRADUS" minimize logistic --with momentum --problems 1 --instance 19 --steps 10 --json
json_list x <out >got
tr '{' '\n' <one | grep '"instance": 19' | json_list x >want
near 1e-13 got want

# one problem by itself is other code than sixteen side by side; --strict makes the same bits of both
expect 0 "$GRADUS" minimize logistic --with momentum --problems 20 --steps 10 --json --strict
tr '{' '\n' <out | grep '"instance": 19' | json_list x >want
expect 0 "$GRADUS" minimize logistic --with momentum --problems 1 --instance 19 --steps 10 --json --strict
json_list x <out >got
near 0 got want

# what is reported, along the run: against the same figures by `eval` at the point where a run of so many steps ends
cat >reports.grad <<'GRAD'
objective drawn(n = 5) {
  given y : [n] ~ normal(0, 1)
  batch e : [n] ~ normal(0, 0.1)
  param w : [n] ~ normal(0, 1)
  minimize mean((w - y + e)^2)
  report far = norm(w - y)
  report first = w[0]
}
GRAD
expect 0 "$GRADUS" minimize reports.grad --with momentum --steps 20 --json --instance 3
[ "$(json_list report_steps <out | tr '\n' ' ')" = "0 1 2 4 6 8 10 12 14 16 18 20 " ] || fail "reports after $(json_list report_steps <out)"
json_list far <out >far
json_list first <out >first
cp out whole
row=0
for steps in 1 2 4 20; do
	expect 0 "$GRADUS" minimize reports.grad --with "momentum" --steps $steps --json --instance 3
	x=$(json_list x <out | grep . | paste -sd ,)
	expect 0 "$GRADUS" eval reports.grad --at "$x" --instance 3 --json
	json_value far <out >want
	case $steps in 1) row=2 ;; 2) row=3 ;; 4) row=4 ;; 20) row=12 ;; esac
	sed -n ${row}p far >got
	near 1e-12 got want
	json_value first <out >want
	sed -n ${row}p first >got
	near 1e-12 got want
done
# several problems side by side report the same as each alone, on one thread and on two, and by the evaluator
expect 0 "$GRADUS" minimize reports.grad --with momentum --steps 20 --json --problems 20 --threads 1
mv out one
expect 0 "$GRADUS" minimize reports.grad --with momentum --steps 20 --json --problems 20 --threads 2
cmp -s one out || fail "threads change what is reported"
tr '\n' ' ' <one | sed 's/{"instance": /\n&/g' | grep '"instance": 3,' | json_list far >got
near 1e-11 got far
expect 0 "$GRADUS" minimize reports.grad --with momentum --steps 20 --json --instance 3 --interpret
json_list far <out >got
near 1e-11 got far
expect 0 "$GRADUS" minimize reports.grad --with momentum --steps 20 --problems 3
has out "far"
has out "median f"

# what goes wrong
expect 3 "$GRADUS" minimize rosenbrock --with "gradient_descent(lr = 1)" --steps 50 --json
has out '"diverged": true'
has out '"inf"'
expect 3 "$GRADUS" minimize rosenbrock --with "gradient_descent(lr = 1)" --steps 50
has out "became infinite or NaN"
expect 2 "$GRADUS" minimize rosenbrock
has err "--with"
expect 2 "$GRADUS" minimize rosenbrok --with adam
has err "rosenbrock"
expect 2 "$GRADUS" minimize rosenbrock --with adm
has err "adam"
expect 2 "$GRADUS" minimize rosenbrock --with "adam(lrr = 1)"
has err "lr"
expect 2 "$GRADUS" minimize rosenbrock --with adam --steps many
expect 2 "$GRADUS" minimize rosenbrock --with adam --steps 0
expect 1 "$GRADUS" minimize logistic --with adam --problems 1000 --memory 10kB
has err "E0801"
finish
