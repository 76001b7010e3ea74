#!/bin/sh
# What an experiment says is checked before anything runs: every option of every estimator, and the numbers of the other
# clauses. What training leaves: numbers inside their limits, the best that was finite, runs counted as they ended.
. "$SOURCE_DIR/tests/command/lib.sh"

# program CLAUSE...: an experiment of one rule with these clauses, one a line, in place of its own of the same name
program() {
	cat <<'HEAD'
optimizer mine() {
  learn rate = 0.1 in (1e-3, 10)
  x <- x - rate * g
}
experiment e {
  train mine()
  on    bowl(n = 3)
HEAD
	rest='problems 4 train, 2 select, 2 test
horizon 6
estimate backprop()
update adam(lr = 3e-2) for 3 steps'
	for clause; do
		rest=$(printf '%s\n' "$rest" | grep -v "^${clause%% *} ")
		printf '  %s\n' "$clause"
	done
	printf '%s\n}\n' "$rest"
}

# checked CODE CLAUSE...: `check` of such a program gives this error (none: 0)
checked() {
	wanted_code=$1
	shift
	program "$@" >checked.grad
	if [ "$wanted_code" = 0 ]; then
		expect 0 "$GRADUS" check checked.grad
	else
		expect 1 "$GRADUS" check checked.grad
		grep -q "error\[E0$wanted_code\]" out err || { fail "no E0$wanted_code for: $*"; cat out err; }
	fi
}

# ---- estimators ----
bad="0/0 inf -1 0 1e30 1e-30"
for estimator in backprop forward es pes truncated_es policy_search; do
	case $estimator in
	policy_search) options="trajectories outer inner trust components multipliers"; others="sigma window particles" ;;
	backprop | forward) options=window; others="sigma particles" ;;
	es) options="sigma particles"; others=window ;;
	*) options="sigma window particles"; others= ;;
	esac
	checked 0 "estimate $estimator()"
	checked 0 "estimate $estimator"
	checked 305 "estimate $estimator(temperature = 1)"
	checked 305 "estimate $estimator(1, 2, 3, 4, 5, 6, 7)"
	for option in $options; do
		for value in $bad; do
			checked 305 "estimate $estimator($option = $value)"
		done
		checked 0 "estimate $estimator($option = 3)"
		checked 134 "estimate $estimator($option = 3, $option = 3)"
		checked 212 "estimate $estimator($option = true)"
		checked 200 "estimate $estimator($option = unknown)"
		if [ $option = sigma ] || [ $option = trust ] || [ $option = multipliers ]; then
			checked 0 "estimate $estimator($option = 2.5)"
		else
			checked 305 "estimate $estimator($option = 2.5)"
		fi
	done
	for option in $others; do
		checked 305 "estimate $estimator($option = 3)"
	done
	first=${options%% *}
	checked 218 "estimate $estimator(3, $first = 3)"
done
checked 0 "estimate pes(0.1, 5, 4)"
checked 305 "estimate pes(0.1, 5.5, 4)"
checked 305 "estimate psE()"
checked 305 "estimate 3"
checked 806 "estimate policy_search()" "score min(f)"
checked 806 "estimate pes(window = 3)" "score min(f)"
checked 806 "estimate truncated_es(window = 3)" "score min(f)"
checked 0 "estimate pes(window = 6)" "score min(f)"
checked 0 "estimate es()" "score min(f)"

# ---- other clauses ----
for value in $bad 2.5; do
	checked 302 "problems $value train"
	checked 303 "horizon $value"
	checked 306 "update adam() for $value steps"
done
for value in 0/0 inf -1 1e30 2.5; do
	checked 302 "problems 4 train, $value select"
	checked 302 "problems 4 train, 2 select, $value test"
	checked 308 "seed $value"
done
for value in 0/0 inf -1 0 -inf; do
	checked 307 "clip $value"
done
checked 0 "clip 1e-30"
checked 0 "clip 1e30"
checked 303 "horizon 6..3"
checked 0 "horizon 3..6"
checked 0 "problems 4 train, 0 select, 0 test"
checked 212 "update adam(lr = 0/0) for 3 steps"
checked 216 "update adam(rate = 1) for 3 steps"
checked 218 "update adam(1, lr = 2) for 3 steps"
checked 304 "score median(f)"

# Every estimator runs in windows longer and shorter than runs, on few problems and many; huge requests are refused for
# their memory before anything is made of them.
for estimate in "backprop(window = 5)" "forward(window = 5)" "es(particles = 3)" "pes(window = 5)" "pes(window = 1000000)" \
	"truncated_es(window = 5, particles = 1)" "policy_search(trajectories = 3)" \
	"policy_search(4, 3, 2, 0.1, components = 2)" "policy_search(3, 2, 2, multipliers = 0.1)"; do
	for problems in 1 20; do
		program "estimate $estimate" "problems $problems train, 2 select, 2 test" "horizon 2..9" >run.grad
		rm -rf run
		expect 0 "$GRADUS" train run.grad -o run
		has out " 0 of "
		has run/run.json "\"estimate\": \"${estimate%%(*}\""
		expect 0 "$GRADUS" info run.grad --json
		has out "\"estimate\": \"${estimate%%(*}\""
	done
done
for clause in "problems 1000000000 train" "problems 4 train, 1000000000 select" "estimate es(particles = 10000000)"; do
	program "$clause" >run.grad
	rm -rf run
	expect 1 "$GRADUS" train run.grad -o run --memory 1e9
	has err E0801
	[ ! -e run ] || fail "a refused training left a folder"
done

program "estimate policy_search(trajectories = 100000)" "horizon 400" >run.grad
expect 1 "$GRADUS" train run.grad -o run --memory 1e9
has err E0801
program "estimate policy_search(trajectories = 100000)" "horizon 100000" >run.grad
expect 1 "$GRADUS" train run.grad -o run
has err E0807
[ ! -e run ] || fail "a refused training left a folder"

# ---- opened hyperparameters ----
cat >opened.grad <<'EOF'
experiment e {
  train    adam(lr = 0.05, eps = 1e-3)
  on       quadratic(n = 3)
  problems 8 train, 0 select, 8 test
  horizon  6
  update   gradient_descent(lr = 10) for 20 steps
}
EOF
for name in eps lr beta1; do
	rm -rf opened
	expect 0 "$GRADUS" train opened.grad -o opened --learn adam.$name
	grep -q "$name = [0-9]" out || { fail "an opened $name is not positive"; cat out; }
	expect 0 "$GRADUS" check opened/rule.grad
done
sed -i 's/beta1 = 0.9/beta1 = 0/; s/lr = 0.05/lr = 0.05, beta1 = 0/' opened.grad
expect 1 "$GRADUS" train opened.grad -o start --learn adam.beta1
has err E0262

# ---- nothing is finite: nothing is learned, and the exit code says so ----
cat >lost.grad <<'EOF'
optimizer mine() {
  learn rate = 0.5
  learn W : [2] = 3
  x <- x - (rate + sum(W)) * 1e30 * g
}
objective steep() {
  param x : [2] ~ normal(0, 1)
  minimize sum(x^4)
}
experiment e {
  train    mine()
  on       steep()
  problems 4 train, 2 select, 2 test
  horizon  30
  update   adam(lr = 3e-2) for 3 steps
}
EOF
for selection in 2 0; do
	for estimate in "backprop()" "backprop(window = 7)" "forward()" "es()" "pes(window = 7)" "truncated_es(window = 7)"; do
		sed "s/2 select/$selection select/; s/horizon  30/horizon 30\n  estimate $estimate/" lost.grad >lost_by.grad
		rm -rf lost
		expect 3 "$GRADUS" train lost_by.grad -o lost
		has lost/rule.grad "learn rate = 0.5"
	done
done
# Numbers that become infinite on the way: the last finite ones are kept, with select problems and without.
for selection in 2 0; do
	cat >away.grad <<EOF
optimizer mine() {
  learn rate = 0.5
  x <- x - rate * g
}
optimizer away() {
  x <- if t > 2 then inf else x + 0.125
}
experiment e {
  train    mine()
  on       bowl(n = 3, condition = 1)
  problems 4 train, $selection select, 2 test
  horizon  3
  update   away() for 9 steps
}
EOF
	rm -rf away
	expect 3 "$GRADUS" train away.grad -o away
	has away/rule.grad "learn rate = 0.75"
	expect 0 "$GRADUS" check away/rule.grad
done

# ---- runs are counted by how they end ----
cat >bounded.grad <<'EOF'
# f lies in (0, 1): a rate below 0 climbs, and no value is ever large.
objective bounded(n = 2) {
  param x : [n] ~ normal(0, 0.1)
  minimize sum(x^2) / (1 + sum(x^2))
}
optimizer up() { x <- x + g }
EOF
expect 0 "$GRADUS" compare up --file bounded.grad --on bounded --steps 5 --train 3 --test 100
has out "100/100"
has out "up: 100 ended above the start, 0 not finite"
expect 0 "$GRADUS" compare up --file bounded.grad --on bounded --steps 5 --train 3 --test 100 --json
has out '"diverged": 100'
has out '"ended_above_start": 100'
has out '"not_finite": 0'
expect 0 "$GRADUS" minimize bounded --file bounded.grad --with up --steps 5 --problems 4
has out "4 of 4 runs ended above their start"
expect 3 "$GRADUS" minimize rosenbrock --with "gradient_descent(lr = 1)" --steps 50 --json
has out '"not_finite": 1'

# ---- the example of influence balancing ends where its header says: the least of a quadratic function of theta ----
expect 0 "$GRADUS" train "$SOURCE_DIR/examples/influence.grad" -o influence
awk 'BEGIN {
	for (i = 0; i < 23; i++) x[i] = 1
	for (t = 1; t <= 500; t++) {
		for (i = 0; i < 23; i++) {
			x[i] = (x[i] + x[i + 1]) / 2
			slope[i] = (slope[i] + slope[i + 1]) / 2 + (i < 10 ? 1 : -1)
		}
		above += slope[0] * (x[0] - 1)
		below += slope[0] ^ 2
	}
	printf "%.4f\n", -above / below
}' >exact
has exact "-0.1292"
sed -n 's/.*learn theta = //p' influence/rule.grad >trained
near 0.01 trained exact
finish
