#!/bin/sh
# Kills at random moments of training: once there was a best rule, it can be read and used, and its two halves (numbers in
# rule.grad, tensors beside it) are of one and the same step. GRADUS_KILLS (20) says how many, GRADUS_SEED which moments.
. "$SOURCE_DIR/tests/command/lib.sh"
kills=${GRADUS_KILLS:-20} seed=${GRADUS_SEED:-$(date +%s)}
# a and W[0] begin alike and get the same gradient, so they are equal after every step.
cat >train.grad <<'GRAD'
optimizer twins() {
  learn a = -2
  learn W : [1] = [-2]
  x <- x - exp(a + W[0]) * g
}
experiment e {
  train    twins()
  on       logistic(n = 20)
  problems 16 train, 8 select, 4 test
  horizon  10
  update   adam(lr = 0.0001) for 20000 steps
}
experiment unselected {
  train    twins()
  on       logistic(n = 20)
  problems 16 train, 0 select, 4 test
  horizon  10
  update   adam(lr = 0.0001) for 1000000 steps
}
GRAD

sweep() { # sweep DIR: replaces a file in it, after which no draft may be left
	for round in 1 2; do
		expect 0 "$GRADUS" minimize rosenbrock --with adam --steps 3 --svg "$1/drawing.svg"
	done
	[ -z "$(ls -A "$1" | grep '^\.gradus')" ] || fail "$1: a draft of long ago stays"
}
check_folder() { # check_folder DIR: after a kill
	if [ ! -e "$1/rule.grad" ]; then
		[ ! -s "$1/metrics.jsonl" ] || fail "$1: steps were taken, and there is no rule"
		none=$((none + 1))
		return
	fi
	expect 0 "$GRADUS" check "$1/rule.grad"
	expect 0 "$GRADUS" minimize "logistic(n = 20)" --with "$1" --steps 3
	weights=$(sed -n 's/.*from "\([^"]*\)".*/\1/p' "$1/rule.grad")
	a=$(sed -n 's/.*learn a = \([-0-9.e]*\).*/\1/p' "$1/rule.grad")
	w=$(tail -c 4 "$1/$weights" | od -A n -t f4 | tr -d ' ')
	awk -v a="$a" -v w="$w" 'BEGIN { d = a - w; exit !(a != "" && w != "" && d < 2e-6 && d > -2e-6) }' ||
		fail "$1: a is $a and W is $w"
	[ "$a" = -2 ] || learned=$((learned + 1))
	# One draft, at most, was between its name and its place; an hour later it goes with the next file that is replaced there.
	left=$(ls -A "$1" | grep -c '^\.')
	over=$((over + left))
	[ "$left" -eq "$(ls -A "$1" | grep -c "^\.gradus-$pid-0\$")" ] || fail "$1: left are $(ls -A "$1" | tr '\n' ' ')"
	[ "$left" -eq 0 ] || touch -d '2 hours ago' "$1"/.gradus-*
	[ "$left" -eq 0 ] || sweep "$1"
}

none=0 learned=0 over=0 number=0
for delay in $(awk -v n="$kills" -v seed="$seed" 'BEGIN { srand(seed); for (i = 0; i < n; i++) printf "%.3f\n", 2 * rand() }'); do
	number=$((number + 1))
	experiment=$([ $((number % 2)) -eq 0 ] && echo e || echo unselected)
	from_start=$([ $((number % 4)) -lt 1 ] && echo yes) # else from when the folder is there: compiling may take long
	"$GRADUS" train train.grad $experiment -o "run$number" >out 2>err &
	pid=$!
	tries=0
	while [ -z "$from_start" ] && [ ! -d "run$number" ] && [ $tries -lt 600 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	sleep "$delay"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	if [ -d "run$number" ]; then
		check_folder "run$number"
	else
		none=$((none + 1))
	fi
	rm -rf "run$number"
	[ $failures -lt 5 ] || break
done
# One more, at a moment when something has been learned for certain.
"$GRADUS" train train.grad unselected -o killed >out 2>err &
pid=$!
tries=0
while { [ ! -s killed/rule.grad ] || grep -q 'learn a = -2$' killed/rule.grad; } && [ $tries -lt 600 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
kill -KILL $pid
wait $pid 2>/dev/null
check_folder killed
echo "$((number + 1)) kills (seed $seed): $none before there was a rule, $learned with a rule that had learned, $over unnamed files left"
[ $learned -gt 0 ] || fail "no kill came after something was learned"

# A comparison with such a run says what is not known, and resuming the name is refused as for any run.
expect 0 "$GRADUS" compare killed --on "logistic(n = 20)" --steps 4 --train 4 --test 4
has err "killed was not finished; this is its best rule so far"
has out "not known"
expect 0 "$GRADUS" emit c killed -o emitted
expect 4 "$GRADUS" train train.grad e -o killed
has err E0810
finish
