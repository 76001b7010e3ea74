#!/bin/sh
# Too little memory, at any limit, is said as such and is exit code 4 (or 1 with E0801, where it can be planned for): never a crash
# and never a bug report. A stack that overflows is one, with a message.
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

# A stack of a few pages.
sh -c 'ulimit -s 40; exec "$1" minimize rosenbrock --with adam --steps 3' small "$GRADUS" >out 2>err </dev/null
code=$?
if [ $code -ne 0 ] && [ $code -ne 127 ]; then
	[ $code -eq 70 ] || { fail "a full stack: exit code $code"; cat err; }
	has err "this is a bug in gradus, not in your program."
fi
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
