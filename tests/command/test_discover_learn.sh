# Numbers of `learn` beside an open expression: fitted with each candidate, written where they stood, and the same in the compiled rule.
. "$(dirname "$0")/lib.sh"

# open LEARN...: the rule with these lines, and `decay` from one of them.
open() {
	{
		echo 'joint optimizer open_step(lr = 1.0) {'
		printf '  %s\n' "$@"
		cat <<-'END'
			  state m = 0
			  let s = g / rms(g)
			  m <- decay * m + (1 - decay) * s
			  x <- x - lr * discover(m, f, 1 - (t - 1) / horizon, size = 3, constants = 1)
			}
			experiment small {
			  train    open_step()
			  on       robust_regression(n = 20)
			  problems 8 train, 6 select, 10 test
			  horizon  20
			  search   enumerate
			  keep     4
			  against  adam
			}
		END
	} >open.grad
}

# number FILE NAME: what is learned there under this name.
number() {
	sed -n "s/^  learn $2 = \([^ ]*\).*/\1/p" "$1" | head -n 1
}

# score DIR: of the winner.
score() {
	"$GRADUS" front "$1" --csv | awk -F, '$10 == 1 { print $3 }'
}

# ---- with limits of every kind, and without: moved, within them, and better than where they stood, as compiled rules too ----
open 'let decay = 0.97'
expect 0 "$GRADUS" train open.grad -o fixed
at=0
for limits in ' in (0, 1)' ' in (0.2, 0.98)' ' in (0, inf)' ''; do
	at=$((at + 1))
	options=--strict
	[ $((at % 2)) -eq 1 ] || options='--precision f64'
	open "learn decay = 0.97$limits"
	expect 0 "$GRADUS" train open.grad -o "run$at" $options
	lacks err W0821
	lacks "run$at/rule.grad" 'decay = 0.97'
	grep -qF "$limits" "run$at/rule.grad" || fail "the limits$limits are not in the rule"
	awk "BEGIN { exit !($(number "run$at/rule.grad" decay) < 0.97) }" || fail "decay did not move from 0.97"
	awk "BEGIN { exit !($(score "run$at") < 0.8 * $(score fixed)) }" ||
		fail "no better than at 0.97: $(score "run$at") and $(score fixed)"
	expect 0 "$GRADUS" check "run$at/rule.grad" "run$at/front.grad"
done
# The evaluator gives the bits of --strict.
sed -e 's/size = 3, constants = 1/size = 1/; s/horizon  20/horizon  6/' open.grad >tiny.grad
expect 0 "$GRADUS" train tiny.grad -o strict --strict
expect 0 "$GRADUS" train tiny.grad -o interpret --interpret
cmp -s strict/front.grad interpret/front.grad || fail 'the evaluator fits other numbers'
expect 0 "$GRADUS" front run1 --on robust_regression
has out 'unseen problems'
expect 0 "$GRADUS" emit c run1 -o emitted
(cd emitted && make -s test CC="$CC" CFLAGS="-std=c99 -Wall -Wextra -Werror" >log 2>&1) || fail "the C of the rule does not pass its test"

# ---- several, among constants of the expression, by evolution as well; on any number of threads, and after a kill ----
open 'learn decay = 0.9 in (0, 1)' 'learn unused = 3' 'learn more = -2 in (-3, 0)'
sed -e 's/search   enumerate/search   evolve(islands = 2) for 300 candidates/' -e 's/discover(m, f,/discover(m, f * exp(more),/' open.grad >evolve.grad
for file in open evolve; do
	expect 0 "$GRADUS" train $file.grad -o "$file-one" --threads 1
	expect 0 "$GRADUS" train $file.grad -o "$file-two" --threads 2
	cmp -s "$file-one/front.grad" "$file-two/front.grad" || fail "$file: threads change the front"
	for after in 0.3 0.5; do
		rm -rf killed
		"$GRADUS" train $file.grad -o killed >/dev/null 2>&1 &
		pid=$!
		sleep $after
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		[ -s killed/archive.sqlite ] && [ ! -e killed/result.json ] || continue
		expect 0 "$GRADUS" resume killed
		cmp -s "$file-one/front.grad" killed/front.grad || fail "$file: after a kill, the front is another one"
		"$GRADUS" front killed --best 100000 --csv >killed.rows
		"$GRADUS" front "$file-one" --best 100000 --csv >one.rows
		cmp -s killed.rows one.rows || fail "$file: after a kill, the archive is another one"
	done
done

# ---- arrays, and more than are fitted: every finalist is trained in them, as the rule would be by itself ----
training() { # the experiment trains as well
	sed -e 's/  keep     4/  keep     3\n  estimate backprop()\n  update   adam(lr = 0.03) for 60 steps/' \
		-e 's/x <- x - lr \* discover(/x <- x - lr * W[0] * discover(/' open.grad >trained.grad
}
# as_trained DIR: the winner's score is that of an ordinary training of its formula at its rate, and its numbers are that one's
as_trained() {
	winner=$("$GRADUS" front "$1" --csv | awk -F, '$10 == 1')
	rate=$(echo "$winner" | cut -d, -f6)
	formula=$(sed -n 's/.* - lr \* W\[0\] \* \((.*)\|[a-z]*\)$/\1/p' "$1/rule.grad" | tail -n 1)
	sed "s/train    open_step()/train    open_step(lr = $rate)/; /^  keep/d; /^  search/d; s|discover(.*|$formula|" trained.grad >alone.grad
	rm -rf alone
	expect 0 "$GRADUS" train alone.grad -o alone
	awk -v a="$(json_value best_select_score <alone/result.json)" -v b="$(echo "$winner" | cut -d, -f3)" \
		'BEGIN { d = a / b - 1; exit !(d < 1e-5 && d > -1e-5) }' ||
		fail "$1: the winner has not the score of its own training: $(json_value best_select_score <alone/result.json), $winner"
	cmp -s alone/weights.safetensors "$1/weights.safetensors" || fail "$1: its arrays are not those of its own training"
	[ "$(number alone/rule.grad decay)" = "$(number "$1/rule.grad" decay)" ] || fail "$1: another decay is trained"
}
open 'learn decay = 0.9 in (0, 1)' 'learn W : [2] = 1'
training
expect 0 "$GRADUS" train trained.grad -o array --threads 1
lacks err W0335
has out '3 numbers of `learn` beside it, which each finalist was trained in'
has array/rule.grad 'learn W : [2] from "weights.safetensors"'
lacks array/rule.grad 'decay = 0.9 in'
has array/result.json '"untrained"'
has array/front.svg 'adam, fitted'
as_trained array
expect 0 "$GRADUS" check array/rule.grad array/front.grad
expect 0 "$GRADUS" emit c array -o emitted-array
(cd emitted-array && make -s test CC="$CC" CFLAGS="-std=c99 -Wall -Wextra -Werror" >log 2>&1) || fail "the C of the trained rule does not pass its test"
expect 0 "$GRADUS" train trained.grad -o array-two --threads 2 --seed 0
lacks err 'every seed gives this search' # training draws
for file in rule.grad front.grad weights.safetensors; do
	cmp -s "array/$file" "array-two/$file" || fail "threads change $file"
done
# Killed, or stopped, while finalists are trained: they are trained again.
sed 's/for 60 steps/for 400 steps/' trained.grad >slow.grad
expect 0 "$GRADUS" train slow.grad -o slow
for signal in KILL INT; do
	rm -rf stopped
	: >err # of the run before
	"$GRADUS" train slow.grad -o stopped >out 2>err </dev/null &
	pid=$!
	while kill -0 $pid 2>/dev/null && ! grep -q 'training finalist 1' err; do
		sleep 0.01
	done
	kill -$signal $pid 2>/dev/null
	wait $pid 2>/dev/null
	[ -e stopped/result.json ] || expect 0 "$GRADUS" resume stopped
	for file in rule.grad front.grad weights.safetensors; do
		cmp -s "slow/$file" "stopped/$file" || fail "after SIG$signal: another $file"
	done
done
open 'learn decay = 0.9 in (0, 1)' 'learn W : [2] = 1' 'learn n1 = 1
  learn n2 = 1
  learn n3 = 1
  learn n4 = 1
  learn n5 = 1
  learn n6 = 1
  learn n7 = 1
  learn n8 = 1
  learn n9 = 1
  learn n10 = 1'
sed '/learn W/d' open.grad >many.grad
expect 0 "$GRADUS" train many.grad -o many
has out '11 numbers of `learn` beside it, which each finalist was trained in'
training
expect 0 "$GRADUS" train trained.grad -o both
as_trained both

# Of rules that it applies, they stay where they start.
{
	printf 'optimizer scaled() {\n  learn V : [2] = 1\n  x <- x - 0.001 * V[1] * g\n}\n'
	sed -e 's/^joint optimizer/optimizer/' -e 's/^  let s = .*/  let s = sign(g)/' -e 's/^  x <- .*/  apply scaled()\n&/' trained.grad
} >applied.grad
expect 0 "$GRADUS" train applied.grad -o applied
has out 'they stay where they start'

exit $((failures > 0))
