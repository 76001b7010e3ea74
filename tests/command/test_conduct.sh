#!/bin/sh
# What `minimize`, `compare` and `plot` say besides their figures: holes, divergence, labels, what was taken from where.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >holes.grad <<'P'
optimizer holes(k = 3) {
  learn rate = 0.25 in (0, 1)
  learn W : [2, k] ~ normal(0, 1)
  x <- x - rate * tanh(sum(W)) * g
}
objective bowl2(n = 3) {
  given a : [n] ~ uniform(1, 2)
  param w : [n] = 1
  minimize sum(a * w^2)
}
experiment filling {
  train holes
  on bowl2
  horizon 4
  score final(log(f))
  problems 4 train, 2 select, 4 test
  update adam(lr = 0.01) for 2 steps
  against adam
}
P
# Holes that no run fills are named with what they start from, by each command that uses the rule.
named='`holes` has holes, and no run fills them; they are'
start='as they are written: rate = 0.25, W : [2, 3] ~ normal(0, 1)'
expect 0 "$GRADUS" minimize holes.grad bowl2 --with holes --steps 3
has err "$named used $start"
expect 0 "$GRADUS" compare holes.grad holes adam --on bowl2 --steps 3 --train 4 --test 4
has err "$named used $start"
expect 0 "$GRADUS" emit c holes.grad holes -o c
has err "$named emitted $start"
expect 0 "$GRADUS" minimize holes.grad bowl2 --with adam --steps 3
lacks err holes

# A run that is lost says when: x doubles in every step from 1, so that f overflows a float after 64 steps (x^2 = 2^128).
cat >lost.grad <<'P'
optimizer doubling(at = 1e9) {
  x <- if t == at then x / 0 else 2 * x
}
objective square() {
  param w : real = 1
  minimize w^2
}
objective spread() {
  given a : real ~ uniform(1, 4)
  param w : real = a
  minimize w^2
}
objective gone() {
  param w : real = 1
  minimize w / 0
}
P
expect 3 "$GRADUS" minimize lost.grad square --with doubling --steps 100 --precision f32
has out "f is inf after step 64"
expect 3 "$GRADUS" minimize lost.grad square --with doubling --steps 100 --precision f32 --json
has out '"not_finite_at": 64'
expect 3 "$GRADUS" minimize lost.grad square --with "doubling(at = 7)" --steps 10
has out "f is inf after step 7"
expect 0 "$GRADUS" minimize lost.grad square --with doubling --steps 63 --precision f32
lacks out "after step"
expect 0 "$GRADUS" minimize lost.grad square --with doubling --steps 63 --precision f32 --json
lacks out not_finite_at
expect 3 "$GRADUS" minimize lost.grad gone --with doubling --steps 3
has out "f is inf at the start"
expect 3 "$GRADUS" minimize lost.grad spread --with "doubling(at = 5)" --steps 9 --problems 3 --instance 4
has out "3 of 3 runs became infinite or NaN, the first problem 4 after step 5"

# What is scored stands in the pictures of a run and of a comparison.
expect 0 "$GRADUS" train holes.grad filling -o run
has run/run.json '"score": "final(log(f))"'
expect 0 "$GRADUS" compare run
has out "bowl2: 4 unseen problems, scored by final(log(f))"
expect 0 "$GRADUS" plot run
has out "score: final(log(f))"
has out "scored by final(log(f))"

# Contenders of one rule are told apart: runs by their folders, the others by numbers.
expect 0 "$GRADUS" train holes.grad filling -o folder/b
expect 0 "$GRADUS" compare run folder/b/ holes.grad holes holes adam --on bowl2 --steps 3 --train 4 --test 4 --json
for label in run folder/b holes 'holes#2' adam; do
	has out "\"label\": \"$label\""
done
has out '"subject": "run"'
expect 0 "$GRADUS" compare run run adam --on quadratic --steps 3 --train 4 --test 4
for label in run 'run#2'; do
	grep -q "^  $label  *[0-9]" out || fail "no row of $label"
	grep -q "[^a-z/]$label\$" out || fail "no curve of $label"
done
expect 0 "$GRADUS" compare run adam --on quadratic --steps 3 --train 4 --test 4
grep -q "^  holes  *[0-9]" out || fail "a run alone is not called like its rule"

# A family of which nothing is drawn is one problem, and nothing about it is unsure.
expect 0 "$GRADUS" compare adam momentum --on rosenbrock --steps 5 --train 7 --test 100
has out "rosenbrock: 5 steps on one problem"
has out "rosenbrock: one problem, scored by mean(f)"
for text in unseen interval '[' /100 '100 problems' '90 %'; do
	lacks out "$text"
done
expect 0 "$GRADUS" compare adam momentum --on rosenbrock --steps 5 --json
has out '"test_problems": 1,'
has out '"one_problem": true'
expect 0 "$GRADUS" compare adam momentum --on quadratic --steps 5 --train 3 --test 4
has out "4 unseen problems; tuned on 3 others"
has out "95 % interval"
expect 0 "$GRADUS" minimize rosenbrock --with adam --steps 3 --problems 4
has err 'nothing of `rosenbrock` is drawn: its 4 problems are one'
expect 0 "$GRADUS" minimize quadratic --with adam --steps 3 --problems 4
lacks err drawn

# A run brings its horizon, its score and what its sources declare to other problems; files may declare it, too.
cat >two.grad <<'P'
optimizer mine(rate = 0.1) {
  learn boost = 1
  x <- x - rate * boost * g
}
optimizer mine2(rate = 0.1) { x <- x - rate * g }
objective first(n = 2) {
  param w : [n] ~ normal(0, 1)
  minimize sum(w^2)
}
objective second(n = 2) {
  param w : [n] ~ normal(0, 1)
  minimize sum(w^4)
}
experiment e {
  train mine
  on first
  horizon 7
  score min(f / f0)
  problems 4 train, 2 select, 4 test
  update adam(lr = 0.01) for 2 steps
  against mine2
}
P
expect 0 "$GRADUS" train two.grad -o two
expect 0 "$GRADUS" compare two --on second --train 3 --test 4 --json
has out '"steps": 7,'
has out '"score": "min(f / f0)"'
has err "7 steps, scored by min(f / f0) as in the experiment of two"
[ -s two/comparison-second.json ] || fail "no comparison-second.json"
expect 0 "$GRADUS" compare two --on second --against mine2,adam --steps 3 --train 3 --test 4 --json
has out '"steps": 3,'
has out '"label": "mine2"'
has err "3 steps as asked, scored by min(f / f0)"
expect 0 "$GRADUS" compare two mine2 --on quadratic --file two.grad --train 3 --test 4 --json
has out '"label": "mine2"'
expect 0 "$GRADUS" compare two --against mine2
has out "least f / f0 of evaluations 1 to 7"
expect 2 "$GRADUS" compare two --on secnd
has err 'did you mean `second`?'
expect 2 "$GRADUS" compare adam --on second

# Tables fit into 80 columns, whatever the rules are called and however many numbers they have; nothing of a row is lost.
wide() {
	awk '{ gsub(/[\200-\277]/, "") } length($0) > 80 { print "    " length($0) ": " $0; bad = 1 } END { exit bad }' out ||
		fail "a line is wider than 80 columns: $*"
}
name=a_rule_with_a_name_that_says_everything_about_what_it_does
cat >wide.grad <<P
optimizer ${name}_one(lr = 0.1 in (0.05, 0.2), number_of_the_first = 0.9 in (0.8, 0.95), number_of_the_second = 0.5 in (0.4, 0.6)) {
  x <- x - lr * number_of_the_first * number_of_the_second * g
}
optimizer ${name}_two(lr = 0.1) { x <- x - lr * g }
P
expect 0 "$GRADUS" compare "${name}_one(number_of_the_first = 0.9, number_of_the_second = 0.5)" ${name}_two adam adamw momentum rmsprop -f wide.grad --on "quadratic(n = 3)" --steps 3 --train 3 --test 4
wide compare
sed -n '/Evaluations/,/in the test/p' out | tr -d '\n' | tr -s ' ' | grep -q "number_of_the_first = 0.9, number_of_the_second = 0.5)" || fail "a call lost words"
grep -q "a_rule_with.*\.\.\..*_one" out && grep -q "a_rule_with.*\.\.\..*_two" out || fail "long names are not told apart"
expect 0 "$GRADUS" compare two adam adamw momentum --on "logistic(n = 5)" --steps 3 --train 3 --test 4
wide compare
has out "behind mine"
expect 0 "$GRADUS" compare ${name}_one -f wide.grad --against adam --on "quadratic(n = 3)" --steps 3 --train 3 --test 4
wide compare
expect 0 "$GRADUS" compare adam momentum --on rosenbrock --steps 3
wide compare
expect 0 "$GRADUS" minimize "quadratic(n = 40)" --with ${name}_one -f wide.grad --steps 30 --problems 4
wide minimize
expect 0 "$GRADUS" minimize "quadratic(n = 40)" --with ${name}_one -f wide.grad --steps 30
wide minimize
expect 0 "$GRADUS" show std
wide show std
expect 0 "$GRADUS" show functions
wide show functions
for what in adam policy mlp_lopt logistic small_net rosenbrock "-f wide.grad ${name}_one"; do
	expect 0 "$GRADUS" info $what
	wide "info $what"
done
finish
