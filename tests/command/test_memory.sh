#!/bin/sh
# Too little memory, at any limit, is said as such and is exit code 4 (or 1 with E0801, where it can be planned for): never a crash
# and never a bug report. A stack that overflows is one, with a message, unless
# it is smaller than systems give.
. "$SOURCE_DIR/tests/command/lib.sh"
if ! (ulimit -v 1000000) 2>/dev/null || ! sh -c 'ulimit -v 4000000; exec "$1" version' limited "$GRADUS" >/dev/null 2>&1; then
	echo "SKIPPED: limits of memory (this build or this system cannot live under one)"
	finish
fi
cat >large.grad <<'GRAD'
objective large(n = 1500) {
  given A : [n, n] ~ normal(0, 1)
  param w : [n] = 1
  minimize mean[i]((A[i] @ w)^2)
}
optimizer tiny() {
  learn rate = 0.0001 in (0, 1)
  x <- x - rate * g
}
experiment e {
  train    tiny()
  on       large(n = 500)
  problems 10 train, 4 select, 1 test
  horizon  5
  update   adam(lr = 0.05) for 3 steps
}
GRAD
# limited KB COMMAND...
limited() {
	sh -c 'ulimit -v "$1"; shift; exec "$@"' limited "$@" >out 2>err </dev/null
}
short=0 enough=0
# under KB...: every command under every limit
for kb in 6000 16000 40000 90000 150000 200000 250000 300000 600000; do
	for command in "check large.grad" "eval large.grad large" "eval large.grad large --set n=400 --interpret" "minimize large.grad large --with adam --steps 3" \
		"train large.grad e -o run$kb" "compare adam --on large(n=500) -f large.grad --steps 2 --train 4 --test 4"; do
		# shellcheck disable=SC2086
		limited "$kb" "$GRADUS" $command
		code=$?
		case $code in
		0) enough=$((enough + 1)) ;;
		1) has err E0801 ;;
		4)
			short=$((short + 1))
			grep -qi "memory\|cannot allocate\|failed to map" err || { fail "$kb kB: $command: no word of memory"; cat err; }
			;;
		127) [ "$kb" -lt 24000 ] || fail "$kb kB: the command does not even start" ;;
		*) fail "$kb kB: $command: exit code $code"; head -n 5 err ;;
		esac
		ls gradus-bug-* >/dev/null 2>&1 && { fail "$kb kB: $command: a bug report"; rm -f gradus-bug-*; }
	done
done
[ $short -gt 5 ] && [ $enough -gt 5 ] || fail "$short refusals, $enough runs: the limits are no test"

# --memory: what can be planned is refused before it is tried.
expect 1 "$GRADUS" minimize large.grad large --with adam --steps 3 --memory 10MB
has err E0801

# What the machine has too little of is said as such, and not taken for a library that is not there.
limited 150000 "$GRADUS" minimize large.grad large --with adam --steps 3
[ $? -eq 0 ] || lacks err apt-get

# A stack of a few pages is too small, and nobody's bug.
short=0
for kb in 40 64 100 140 300 700 8192; do
	sh -c 'ulimit -s "$1"; exec "$2" minimize rosenbrock --with adam --steps 3' small $kb "$GRADUS" >out 2>err </dev/null
	code=$?
	case $code in
	0) ;;
	4) has err "out of stack"; short=$((short + 1)) ;;
	*) [ $kb -lt 64 ] || { fail "a stack of $kb kB: exit code $code"; head -n 3 err; } ;;
	esac
	ls gradus-bug-* >/dev/null 2>&1 && { fail "a stack of $kb kB: a bug report"; rm -f gradus-bug-*; }
done
[ $short -gt 0 ] && [ $code -eq 0 ] || fail "stacks: $short refusals, the last one $code"

# Whatever takes memory in proportion to what a program says, learned numbers and states alike, is refused before it is taken.
cat >huge.grad <<'GRAD'
optimizer learns() {
  learn W : [200000000] = 1
  x <- x - g * sum(W)
}
optimizer draws() {
  learn W : [20000, 10000] ~ normal(0, 1)
  x <- x - g * sum(W)
}
optimizer keeps() {
  state W : each [200000000] = 1
  each {
    W <- W + g
    x <- x - sum(W)
  }
}
optimizer shares() {
  state W : [200000000] = 1
  W <- W + 1
  x <- x - g * sum(W)
}
objective given_much() {
  given a : [200000000] ~ normal(0, 1)
  param w : real = 1
  minimize w^2 * sum(a)
}
objective many() {
  param w : [200000000] = 1
  minimize sum(w^2)
}
GRAD
: >experiments.grad
for rule in learns draws; do
	printf 'experiment e_%s {\n  train %s()\n  on quadratic()\n  horizon 2\n  problems 1 train, 1 test\n  update adam() for 1 steps\n}\n' $rule $rule >>experiments.grad
done
cat huge.grad experiments.grad >all.grad
# small COMMAND...: exit 1 with E0801, and little memory was taken
small() {
	sh -c 'ulimit -v 1500000; exec "$@"' limited timeout 60 "$@" --memory 100MB >out 2>err </dev/null
	code=$?
	[ $code -eq 1 ] || { fail "exit code $code instead of 1: $*"; head -n 3 err; }
	has err E0801
}
for rule in learns draws keeps shares; do
	small "$GRADUS" minimize quadratic --with $rule -f huge.grad --steps 2
	small "$GRADUS" compare $rule adam -f huge.grad --on quadratic --steps 2 --train 2 --test 2
	small "$GRADUS" emit c $rule -f huge.grad -o emitted
done
for rule in learns draws; do
	small "$GRADUS" train all.grad e_$rule -o run
done
for objective in given_much many; do
	[ $objective = given_much ] || small "$GRADUS" eval $objective -f huge.grad # there, what is drawn is added at once
	small "$GRADUS" minimize $objective -f huge.grad --with adam --steps 2
	small "$GRADUS" compare adam -f huge.grad --on $objective --steps 2 --train 2 --test 2
	small "$GRADUS" emit c $objective -f huge.grad -o emitted
done
for signal in SEGV FPE ILL BUS ABRT; do
	mkfifo pipe
	sleep 100 >pipe &
	writer=$!
	"$GRADUS" check pipe >out 2>err &
	pid=$!
	sleep 0.3
	kill -$signal $pid
	wait $pid
	[ $? -eq 70 ] || fail "the exit code of SIG$signal"
	has err "this is a bug in gradus"
	[ -s "gradus-bug-$pid.txt" ] || fail "SIG$signal: no report"
	kill $writer
	rm -f pipe gradus-bug-*
done
finish
