#!/bin/sh
# gradus train, compare and plot on a small experiment; interrupting it.
. "$SOURCE_DIR/tests/command/lib.sh"
cat >small.grad <<'GRAD'
optimizer scaled(eps = 1e-8) {
  learn rate = 0.01 in (0, inf)
  learn W : [2] ~ normal(0, 0.1)
  x <- x - rate * g * exp(tanh(W[0] * log(abs(g) + eps) + W[1]))
}
experiment small {
  train    scaled()
  on       logistic(n = 20)
  problems 16 train, 8 select, 20 test
  horizon  8
  score    mean(f)
  estimate backprop(window = 4)
  update   adam(lr = 0.05) for 12 steps
  clip     1
  against  gradient_descent, momentum
}
experiment tuned {
  train    gradient_descent()
  on       logistic(n = 20)
  problems 16 train, 8 select, 20 test
  horizon  8
  score    mean(f)
  estimate es(sigma = 0.05, particles = 4)
  update   adam(lr = 0.1) for 5 steps
}
GRAD
expect 0 "$GRADUS" check small.grad
expect 2 "$GRADUS" train small.grad -o run
has err "small, tuned"
expect 2 "$GRADUS" train small.grad small
has err "-o DIR"
expect 0 "$GRADUS" train small.grad small -o run --threads 1
has out "select problems"
has out "rate ="
has err "step 12/12"
for file in run.json metrics.jsonl result.json rule.grad weights.safetensors sources/small.grad; do
	[ -s run/$file ] || fail "run/$file is missing"
done
[ "$(wc -l <run/metrics.jsonl)" -eq 12 ] || fail "not one line per step"
# 16 problems of 8 steps in 12 outer steps, and 8 to select by, before each and at the end: steps and one more evaluation
[ "$(json_value evaluations <run/result.json)" -eq $((12 * 16 * 9 + 13 * 8 * 9)) ] || fail "evaluations are not all counted"
expect 0 "$GRADUS" check run/rule.grad
expect 4 "$GRADUS" train small.grad small -o run
has err "E0810"
expect 0 "$GRADUS" train small.grad small -o again --threads 2
for file in metrics.jsonl rule.grad weights.safetensors; do
	cmp -s run/$file again/$file || fail "threads change $file"
done
expect 0 "$GRADUS" train small.grad small -o other --seed 5 --steps 3
cmp -s other/weights.safetensors run/weights.safetensors && fail "the seed changes nothing"
[ "$(wc -l <other/metrics.jsonl)" -eq 3 ] || fail "--steps"

# a run is no program, and where nothing is drawn every seed gives the same
expect 2 "$GRADUS" train run -o more
has err "resume"
sed 's/learn W.*/learn W : [2] = 0.1/' small.grad >fixed.grad
for seed in 1 2; do
	expect 0 "$GRADUS" train fixed.grad small -o fixed$seed --seed $seed --steps 2
	has out "nothing is drawn, neither starts nor noise: every seed gives this run"
done
cmp -s fixed1/rule.grad fixed2/rule.grad || fail "nothing is drawn, and yet seeds differ"
for change in 's/horizon  8/horizon 4..8/; s/backprop(window = 4)/backprop()/' 's/backprop(window = 4)/es(sigma = 0.05)/' \
	's/learn W.*/learn W : [2] ~ normal(0, 0.1)/'; do
	sed "$change" fixed.grad >drawn.grad
	for seed in 1 2; do
		rm -rf drawn$seed
		expect 0 "$GRADUS" train drawn.grad small -o drawn$seed --seed $seed --steps 2
		lacks out "nothing is drawn"
	done
	cmp -s drawn1/rule.grad drawn2/rule.grad && fail "something is drawn, and yet seeds do not differ: $change"
done

# --learn opens a hyperparameter
expect 0 "$GRADUS" train small.grad tuned -o tuned --learn gradient_descent.lr
grep -q 'optimizer gradient_descent(lr = [0-9]' tuned/rule.grad || fail "the tuned rate is not in rule.grad"
has out "lr ="
expect 2 "$GRADUS" train small.grad tuned -o nothing --learn gradient_descent.rl
has err 'did you mean `lr`?'
expect 2 "$GRADUS" train small.grad tuned -o nothing --learn adam.lr
[ -e nothing ] && fail "a refused training left a folder"

# comparing
expect 0 "$GRADUS" compare run --svg run.svg
for word in scaled gradient_descent momentum "95 % interval" Grids "Margin of victory" "per decade" meta-training; do
	has out "$word"
done
[ -s run/comparison.json ] || fail "no comparison.json in the run folder"
has run.svg "Margin of victory"
expect 0 "$GRADUS" compare run other adam --on "logistic(n = 20)" --against "momentum(beta = 0.5),adam(lr = 0.1, beta1 = 0.5)" \
	--steps 5 --train 8 --test 9 --json
for word in '"run"' '"other"' '"adam"' '"adam#2"' '"momentum"' '"margin_of_victory"'; do
	has out "$word"
done
has out 'momentum(lr = '
expect 0 "$GRADUS" compare momentum --on quadratic --steps 5 --train 3 --test 3 -o c.json
has out "momentum(lr ="
expect 2 "$GRADUS" compare momentum
has err "--on"
expect 2 "$GRADUS" compare momentum --on quadradic
expect 0 "$GRADUS" minimize "logistic(n = 20)" --with run --steps 5 --json
expect 0 "$GRADUS" info run/rule.grad

# plots
expect 0 "$GRADUS" plot run --svg plot.svg
has out "Training run"
has out "Margin of victory"
has plot.svg "</svg>"
expect 0 "$GRADUS" plot c.json
has out "quadratic"
expect 2 "$GRADUS" plot run --svg plot.png
: >run/metrics.jsonl
expect 5 "$GRADUS" plot run
printf 'no weights' >other/weights.safetensors
expect 5 "$GRADUS" minimize "logistic(n = 20)" --with other --steps 5

# training NAME: starts a long one in the background, as $pid, and waits for its first steps
sed 's/for 12 steps/for 1000000 steps/' small.grad >long.grad
training() {
	rm -f err
	"$GRADUS" train long.grad small -o "$1" >out 2>err &
	pid=$!
	tries=0
	while ! grep -qs '^step ' err && [ $tries -lt 300 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}

# Families of which nothing is drawn have one problem, and that is what is said.
cat >still.grad <<'E2'
optimizer d() {
  learn rate = 0.01
  x <- x - rate * g
}
objective still(n = 3) {
  param x : [n] = 1
  minimize sum(x^2)
}
experiment one { train d()
  on still
  horizon 3
  update adam() for 1 steps
}
experiment each { train d()
  on still, still(n = 4)
  horizon 3
  update adam() for 1 steps
}
experiment mixed { train d()
  on still, quadratic
  horizon 3
  update adam() for 1 steps
}
E2
for way in 'one:1 family, 1 problem (64 times' 'each:2 families, 1 problem each (64 times' \
	'mixed:2 families, 64 problems (the same one of 1 family'; do
	expect 0 "$GRADUS" train still.grad "${way%%:*}" -o "still_${way%%:*}"
	has err "training d on ${way#*:}"
done

# Ctrl-C: saves, says where, 130; the second leaves at once
training stopped
kill -INT $pid
wait $pid
[ $? -eq 130 ] || fail "the exit code of an interrupted training"
has out "saved in stopped"
[ -s stopped/rule.grad ] || fail "an interrupted training saved no rule"
has stopped/result.json '"interrupted": true'
expect 0 "$GRADUS" minimize "logistic(n = 20)" --with stopped --steps 5 --json
training twice
kill -INT $pid
kill -INT $pid
wait $pid
[ $? -eq 130 ] || fail "the exit code after the second Ctrl-C"

# our own fault: 70 and a report
training fault
kill -ABRT $pid
wait $pid
[ $? -eq 70 ] || fail "the exit code of a bug"
has err "gradus-bug-$pid.txt"
has "gradus-bug-$pid.txt" "train long.grad small -o fault"
has "gradus-bug-$pid.txt" "experiment tuned"
finish
