#!/bin/sh
# Limits of parameters: what rules move, and what people see.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >limits.grad <<'EOF'
# Every kind of limits; the unlimited one lies between the others.
objective limited() {
  param a : [2] = [0.25, 0.5] in (0, 1)
  param b : real = 3
  param c = 2.5 in (1, inf)
  param d : [1, 2] = -4 in (-inf, -1)
  minimize sum((a - 2)^2) + (b - c)^2 + sum(d^2) * a[0]
  report sum_of_a = sum(a)
}

# The same, written out.
objective by_hand() {
  param u : [2] = [-1.0986122886681098, 0]
  param b : real = 3
  param v = 0.4054651081081644
  param w : [1, 2] = 1.0986122886681098
  let a = 1 / (1 + exp(-u))
  let c = 1 + exp(v)
  let d = -1 - exp(w)
  minimize sum((a - 2)^2) + (b - c)^2 + sum(d^2) * a[0]
}

objective drawn() {
  param x : [40] ~ normal(0, 3) in (0, inf)
  minimize sum(x^2)
}

objective drawn_inside() {
  param x : [40] ~ uniform(0.1, 0.9) in (0, 1)
  minimize sum((x - 5)^2)
}

objective by_axes() {
  param W[l in 2] : [2, 2] = 0.5 in (0, 1)
  minimize sum((W - 3)^2)
}
EOF

# ---- eval: values and gradients are those of the parameters as they are declared ----

expect 0 "$GRADUS" eval limits.grad limited --json
json_list x <out >got
printf '%s\n' 0.25 0.5 3 2.5 -4 -4 >want
near 0 got want
{ json_value value <out; json_list gradient <out; } >got
printf '%s\n' 13.5625 28.5 -3 1 -1 -2 -2 >want
near 1e-15 got want
has out '"sum_of_a": 0.75'
expect 0 "$GRADUS" eval limits.grad limited --at "0.5,0.75,1,4,-2,-3" --json
json_list x <out >got
printf '%s\n' 0.5 0.75 1 4 -2 -3 >want
near 0 got want
{ json_value value <out; json_list gradient <out; } >got
printf '%s\n' 19.3125 10 -2.5 -6 6 -2 -3 >want
near 1e-15 got want
for point in "0,0.5,3,2,-4,-4" "0.5,1,3,2,-4,-4" "0.5,0.5,3,1,-4,-4" "0.5,0.5,3,2,-4,-1" "0.5,0.5,3,0,-4,-4" "0.5,nan,3,2,-4,-4"; do
	expect 1 "$GRADUS" eval limits.grad limited --at "$point"
	has err E0262
done

# ---- runs: those of the program that is written out ----

for rule in "adam(lr = 0.1)" "gradient_descent(lr = 0.02)" lbfgs; do
	for how in "" --strict --interpret "--precision f32"; do
		expect 0 "$GRADUS" minimize limits.grad limited --with "$rule" --steps 20 $how --json
		json_list f <out >got
		json_list x <out >x
		expect 0 "$GRADUS" minimize limits.grad by_hand --with "$rule" --steps 20 $how --json
		json_list f <out >want
		case $how in *f32) near 2e-4 got want ;; *) near 1e-9 got want ;; esac
		awk 'NR <= 2 && !($1 > 0 && $1 < 1) || NR == 4 && !($1 > 1) || NR > 4 && !($1 < -1) { bad = 1 } END { exit bad }' x ||
			fail "$rule $how: x is outside of its limits: $(tr '\n' ' ' <x)"
	done
done

# Towards a limit, and never there.
for how in "" "--precision f32"; do
	expect 0 "$GRADUS" minimize limits.grad drawn_inside --with "adam(lr = 0.5)" --steps 400 $how --json
	json_list x <out | awk '!($1 > 0.9 && $1 < 1) { bad = 1 } END { exit bad }' || fail "not close to the limit, or at it"
done
expect 0 "$GRADUS" minimize limits.grad drawn_inside --with adam --steps 3 --problems 20 --json --threads 2
cp out two
expect 0 "$GRADUS" minimize limits.grad drawn_inside --with adam --steps 3 --problems 20 --json --threads 1
cmp -s out two || fail "threads change what is found"
expect 0 "$GRADUS" minimize limits.grad by_axes --with muon --steps 3
expect 0 "$GRADUS" info limits.grad
has out 'in (0, 1)'

# ---- starts outside ----

expect 1 "$GRADUS" minimize limits.grad drawn --with adam --steps 3
has err E0262
has err 'problem 0'
expect 1 "$GRADUS" minimize limits.grad drawn --with adam --steps 3 --problems 40
has err E0262
expect 1 "$GRADUS" eval limits.grad drawn
has err E0262

# ---- C: x is what rules see; the header says how parameters follow ----

expect 0 "$GRADUS" emit c limits.grad limited -o c
has c/limited.h '1 / (1 + exp(-x))'
has c/limited.h '1 + exp(x)'
has c/limited.h '-1 - exp(x)'
expect 0 make -C c CFLAGS="-std=c99 -O1 -Wall -Wextra -Werror" test

finish
