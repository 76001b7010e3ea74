#!/bin/sh
# gradus under mpirun: for any number of processes the same bytes as by itself, after kills and Ctrl-C as well; what runs in one
# process says so. Skipped where there is no mpirun, or Gradus was built without Open MPI.
. "$SOURCE_DIR/tests/command/lib.sh"
command -v mpirun >/dev/null || {
	echo "skipped: there is no mpirun (Debian: openmpi-bin)"
	exit 77
}
# What Open MPI keeps until a process ends is no leak of ours.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
ranks() { # ranks COUNT COMMAND...
	count=$1
	shift
	timeout 300 mpirun --oversubscribe --allow-run-as-root -n "$count" "$@"
}
ranks 2 true >out 2>&1 || {
	echo "skipped: mpirun starts no processes here: $(head -n 3 out)"
	exit 77
}
export TMPDIR=$work/own
mkdir own
cat >train.grad <<'END'
experiment backprop {
  train    policy(hidden = 4)
  on       robust_regression(n = 20)
  problems 40 train, 20 select
  horizon  10
  estimate backprop()
  update   adam(lr = 0.01) for 12 steps
}
experiment es {
  train    policy(hidden = 3)
  on       robust_regression(n = 20)
  problems 3 train
  horizon  8
  estimate es(particles = 5)
  update   adam(lr = 0.01) for 6 steps
}
experiment pes {
  train    policy(hidden = 4)
  on       robust_regression(n = 20), small_net()
  problems 20 train, 4 select
  horizon  5..20
  estimate pes(window = 5, particles = 20)
  update   adam(lr = 0.01) for 12 steps
}
experiment truncated {
  train    policy(hidden = 3)
  on       robust_regression(n = 20)
  problems 4 train, 4 select
  horizon  12
  estimate truncated_es(window = 4, particles = 3)
  update   adam(lr = 0.01) for 6 steps
}
experiment cma {
  train    policy(hidden = 3)
  on       robust_regression(n = 20)
  problems 20 train, 4 select
  horizon  8
  estimate cma_es()
  update   adam() for 5 steps
}
experiment guided {
  train    policy(hidden = 3)
  on       robust_regression(n = 6)
  problems 4 train, 4 select
  horizon  8
  estimate policy_search(trajectories = 2, outer = 10, inner = 2)
  update   adam() for 20 steps
}
END
ranks 2 "$GRADUS" train train.grad backprop -o probe >out 2>err || {
	grep -q "built without MPI" err || { cat out err; fail "mpirun gradus train"; finish; }
	echo "skipped: this gradus was built without Open MPI"
	exit 77
}

# same ONE OTHER: all that training leaves behind, the times aside
same() {
	for file in rule.grad metrics.jsonl weights.safetensors; do
		cmp "$1/$file" "$2/$file" || fail "$2/$file is another one"
	done
	for dir in "$1" "$2"; do
		grep -vE 'seconds|memory_bytes|command' "$dir/result.json" >result
		mv result "$dir.result"
	done
	cmp "$1.result" "$2.result" || fail "$2/result.json is another one"
}

# ---- one, two, three, and more processes than there is work for ----
for experiment in backprop es pes truncated cma guided; do
	expect 0 "$GRADUS" train train.grad $experiment -o $experiment --threads 2
	[ -s $experiment/weights.safetensors ] || fail "$experiment has learned nothing"
	for count in 2 3 $([ $experiment != pes ] || echo 1 7); do
		expect 0 ranks $count "$GRADUS" train train.grad $experiment -o $experiment-$count --threads 1
		same $experiment $experiment-$count
		[ "$(grep -c "the rule: $experiment-$count" out)" -eq 1 ] || fail "$count processes do not speak with one voice"
		rm -rf $experiment-$count
	done
done

# ---- Ctrl-C and a killed process: what is on the disk goes on, with other processes, to the same end ----
sed 's/for 12 steps/for 1500 steps/' train.grad >long.grad
expect 0 "$GRADUS" train long.grad pes -o whole
for how in INT KILL; do
	rm -rf stopped
	ranks 2 "$GRADUS" train long.grad pes -o stopped >out 2>err &
	pid=$!
	while kill -0 $pid 2>/dev/null && [ ! -s stopped/checkpoint-a ]; do
		sleep 0.02
	done
	if [ $how = INT ]; then
		pkill -INT -P $pid mpirun # timeout stands before it
	else
		pkill -KILL -n -f "train long.grad pes -o stopped"
	fi
	wait $pid
	[ $? -ne 0 ] || [ -e stopped/result.json ] || fail "no sign of an early end"
	[ -e stopped/result.json ] && grep -q '"interrupted": false' stopped/result.json || expect 0 ranks 3 "$GRADUS" resume stopped
	same whole stopped
done
rm -rf own/* # of the one that was killed

# ---- what is said, once ----
expect 4 ranks 2 "$GRADUS" train train.grad es -o whole
has err E0810
[ "$(grep -c E0810 err)" -eq 1 ] || fail "an error is told by every process"
expect 2 ranks 2 "$GRADUS" train "$SOURCE_DIR/examples/discover_robust.grad" -o found
has err 'a search runs in one process'
[ ! -e found ] || fail "a folder is left of a search that was refused"
expect 0 ranks 2 "$GRADUS" eval rosenbrock
has err 'mpirun shares the work of train and resume'
[ "$(grep -c '^rosenbrock = ' out)" -eq 1 ] || fail "eval speaks more than once"
[ -z "$(ls own)" ] || fail "what a process had for itself is left: $(ls own)"
finish
