#!/bin/sh
# Ctrl-C ends every command within a second (two on a busy machine), at whatever it is: parsing, compiling, one endless inner
# run, tuning, evaluating without compiling. The exit code is 130 and the message says what was saved.
. "$SOURCE_DIR/tests/command/lib.sh"
cat >slow.grad <<'GRAD'
objective big(n = 3000) {
  given A : [n, n] ~ normal(0, 1)
  param w : [n] = 1
  minimize mean[i]((A[i] @ w)^2)
}
objective small(n = 40) {
  given A : [n, n] ~ normal(0, 1)
  param w : [n] = 1
  minimize mean[i]((A[i] @ w)^2)
}
optimizer tiny() {
  learn rate = 0.0001 in (0, 1)
  x <- x - rate * g
}
experiment minute {
  train    tiny()
  on       big()
  problems 2 train, 1 select, 1 test
  horizon  500
  update   adam(lr = 0.05) for 100 steps
}
experiment select_after_a_step {
  train    tiny()
  on       small()
  problems 16 train, 1 select, 1 test
  horizon  1
  estimate backprop()
  update   adam(lr = 0.05) for 1000000 steps
}
GRAD
now() {
	date +%s%N | cut -c 1-13
}
# interrupted SECONDS|FILE TEXT COMMAND...: interrupts it after so long, or when there is such a file; it has to end with 130 and to
# say the text
interrupted() {
	after=$1 text=$2
	shift 2
	"$@" >out 2>err </dev/null &
	pid=$!
	tries=0
	while [ "${after#*/}" != "$after" ] && [ ! -s "$after" ] && [ $tries -lt 300 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	sleep "$(echo "$after" | sed 's#.*/.*#0.3#')"
	kill -0 $pid 2>/dev/null || { fail "ended before it could be interrupted: $*"; cat err; }
	begun=$(now)
	kill -INT $pid
	wait $pid
	code=$?
	took=$(($(now) - begun))
	[ $code -eq 130 ] || { fail "exit code $code after an interrupt: $*"; cat err; }
	[ $took -lt "${GRADUS_INTERRUPT_MS:-2000}" ] || fail "took $took ms to end: $*"
	cat out err >said
	has said "$text"
}
# A shell without job control starts what is in the background deaf to Ctrl-C, and commands that save nothing stay so; this
# gives them ears again.
ears() {
	cat >ears.c <<'C'
#include <signal.h>
#include <unistd.h>
int main(int count, char **words) {
	(void)count;
	signal(SIGINT, SIG_DFL);
	execv(words[1], words + 1);
	return 127;
}
C
	${CC:-cc} -o ears ears.c
}
ears || fail "no ears"

# one run, or several side by side, shows what it has reached: the table up to there, and x
interrupted 3 "interrupted after step" ./ears "$GRADUS" minimize slow.grad big --with adam --steps 1000000
has out "x = "
interrupted 3 "interrupted after step" ./ears "$GRADUS" minimize slow.grad small --with adam --steps 1000000 --problems 20
has out "median f"
interrupted 3 '"interrupted": true' ./ears "$GRADUS" minimize slow.grad big --with adam --steps 1000000 --json
json_list f <out >curve
steps=$(json_value steps <out)
[ "$(grep -c . curve)" -eq $((steps + 1)) ] || fail "$steps steps were made, and the curve has $(grep -c . curve) numbers"
interrupted 3 "interrupted" ./ears "$GRADUS" minimize slow.grad small --with adam --steps 1000000 --interpret
interrupted 3 "interrupted: nothing was saved" ./ears "$GRADUS" compare adam momentum --on "small(n = 400)" -f slow.grad --steps 1000 \
	--train 90 --test 100
interrupted 1 "interrupted: nothing was saved" ./ears "$GRADUS" eval slow.grad big --interpret
mkfifo silent
interrupted 0.5 "interrupted: nothing was saved" ./ears "$GRADUS" check silent
sleep 100 >silent &
writer=$!
interrupted 0.5 "interrupted: nothing was saved" ./ears "$GRADUS" check silent
kill $writer

# Training that has not found anything yet leaves nothing; in the middle of a step, what was saved before; between two
# steps, also what was found since.
interrupted 4 "interrupted: " "$GRADUS" train slow.grad minute -o minute
if grep -q "nothing was saved" said; then
	[ ! -e minute ] || fail "an interrupted start left $(find minute)"
else
	has said "the best rule so far is saved in minute"
	expect 0 "$GRADUS" check minute/rule.grad
fi
interrupted 4 "interrupted: " "$GRADUS" train slow.grad minute -o evaluated --interpret
grep -q "nothing was saved" said && [ -e evaluated ] && fail "an interrupted start left $(find evaluated)"
interrupted quick/metrics.jsonl "interrupted: the best rule so far is saved in quick" "$GRADUS" train slow.grad select_after_a_step -o quick
has quick/result.json '"interrupted": true'
expect 0 "$GRADUS" minimize slow.grad small --with quick --steps 3

# SIGTERM is the same, SIGHUP too where it is not ignored (nohup).
"$GRADUS" train slow.grad select_after_a_step -o term >out 2>err &
pid=$!
tries=0
while [ ! -s term/metrics.jsonl ] && [ $tries -lt 300 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
kill -TERM $pid
wait $pid
[ $? -eq 130 ] || fail "the exit code after SIGTERM"
[ -s term/rule.grad ] || fail "SIGTERM saved nothing"
finish
