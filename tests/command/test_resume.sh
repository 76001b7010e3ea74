#!/bin/sh
# A run that was ended early goes on to the same bytes as one that was not: after Ctrl-C, after kills at random moments, more than once,
# on another number of threads, in every estimator. Damaged and foreign checkpoints are refused, or the one before is used.
# GRADUS_KILLS (30) says how many runs are killed, GRADUS_SEED at which moments.
. "$SOURCE_DIR/tests/command/lib.sh"
kills=${GRADUS_KILLS:-30} seed=${GRADUS_SEED:-$(date +%s)}

# program ESTIMATE SELECT STEPS
program() {
	cat <<GRAD
import "part.grad"
experiment e {
  train    mine()
  on       logistic(n = 20)
  problems 20 train, $2 select, 4 test
  horizon  5..9
  estimate $1
  update   adam(lr = 0.001) for $3 steps
}
GRAD
}
cat >part.grad <<'GRAD'
optimizer mine() {
  learn a = -3
  learn W : [2] ~ normal(0, 0.1)
  state m = 0
  m <- sigmoid(W[0]) * m + g
  x <- x - exp(a + W[1]) * m
}
GRAD

# same DIR DIR: all that a run promises; times and paths aside
same() {
	for file in rule.grad weights.safetensors metrics.jsonl; do
		cmp "$1/$file" "$2/$file" || fail "$1/$file and $2/$file differ"
	done
	for dir in "$1" "$2"; do
		grep -v '"seconds"\|"compile_seconds"\|"memory_bytes"' "$dir/result.json" >"$dir.result"
		cut -d, -f1 "$dir/timing.jsonl" >"$dir.timing"
	done
	cmp "$1.result" "$2.result" || fail "results differ"
	cmp "$1.timing" "$2.timing" || fail "timing.jsonl has other steps"
	ls "$2" | grep -q checkpoint && fail "$2 is finished and has checkpoints"
	return 0
}

# killed_at DIR SECONDS COMMAND...: until DIR/checkpoint-a is there (SECONDS: ""), or for so long
killed_at() {
	dir=$1 after=$2
	shift 2
	"$@" >out 2>err </dev/null &
	pid=$!
	tries=0
	while [ -z "$after" ] && [ ! -s "$dir/checkpoint-a" ] && kill -0 $pid 2>/dev/null && [ $tries -lt 600 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	sleep "${after:-0}"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	code=$?
}

# kill_some FILE WHOLE COUNT MILLISECONDS: kills at random moments of a training that takes so long undisturbed, and has left WHOLE
kill_some() {
	for delay in $(awk -v n="$3" -v seed="$seed" -v most="$4" 'BEGIN { srand(seed); for (i = 0; i < n; i++) printf "%.3f\n", most / 1000 * rand() }'); do
		number=$((number + 1))
		killed_at run "$delay" "$GRADUS" train "$1" -o run
		if [ ! -s run/run.json ]; then
			rm -rf run
			continue
		fi
		# Half of them are killed once more while they go on.
		[ $((number % 2)) -eq 0 ] || killed_at run "$(awk -v d="$delay" 'BEGIN { print d / 2 }')" "$GRADUS" resume run --threads $((number % 3 + 1))
		expect 0 "$GRADUS" resume run --threads $((number % 3 + 1))
		same "$2" run
		rm -rf run
		[ $failures -lt 5 ] || break
	done
	echo "$3 kills (seed $seed) in a training of $4 ms"
}

# ---- every estimator, once ----
number=0
for estimate in "backprop(window = 3)" "forward()" "es(particles = 3)" "pes(window = 4, particles = 5)" \
	"truncated_es(window = 4, particles = 5)" "cma_es()" "random_search()" "grid_search(0.1, 3)" "policy_search(trajectories = 3, outer = 40, inner = 3, components = 2)" \
	"policy_search(trajectories = 3, outer = 40, inner = 3, multipliers = 0.1)"; do
	number=$((number + 1))
	select=$((number % 2 * 3))
	program "$estimate" $select 20 >short.grad
	expect 0 "$GRADUS" train short.grad -o whole-$number --threads 1
	expect 0 "$GRADUS" resume whole-$number
	has err "is finished"
	# Without a checkpoint it begins again.
	cp -r whole-$number again-$number
	rm again-$number/result.json
	expect 0 "$GRADUS" resume again-$number --threads 2
	has err "begins again"
	same whole-$number again-$number
done

# ---- Ctrl-C, and kills at random moments ----
# The machine decides how long a training is. One that was over before it could be stopped is made twice as long.
steps=${GRADUS_RESUME_STEPS:-8000}
code=0
while [ $code -eq 0 ] && [ "$steps" -lt 1000000 ]; do
	rm -rf whole stopped
	program "pes(window = 4, particles = 3)" 4 "$steps" >long.grad
	begun=$(date +%s%N)
	expect 0 "$GRADUS" train long.grad -o whole --threads 1
	took=$((($(date +%s%N) - begun) / 1000000))
	"$GRADUS" train long.grad -o stopped >out 2>err </dev/null &
	pid=$!
	while kill -0 $pid 2>/dev/null && [ ! -s stopped/checkpoint-a ]; do
		sleep 0.01
	done
	kill -INT $pid 2>/dev/null
	wait $pid
	code=$?
	steps=$((steps * 2))
done
[ $code -eq 130 ] || { fail "exit code $code"; cat err; }
has out "to go on: $GRADUS resume stopped"
expect 0 "$GRADUS" resume stopped --threads 2
has err "going on after step"
same whole stopped

kill_some long.grad whole "$kills" "$took"

# A search with a covariance; other problems at every step, an average and patience.
for how in "cma_es()" "es(particles = 2)"; do
	number=$((number + 1))
	program "$how" 4 "${GRADUS_RESUME_STEPS:-1500}" | sed "s/problems 20/problems $([ "$how" = "cma_es()" ] || echo fresh) 20/; s/^}/  average 0.9\n  patience 1000\n}/" >other.grad
	rm -rf other run
	begun=$(date +%s%N)
	expect 0 "$GRADUS" train other.grad -o other --threads 1
	kill_some other.grad other $((kills / 15 + 1)) $((($(date +%s%N) - begun) / 1000000))
done

# ---- damaged, foreign, missing ----
program "backprop()" 3 1000000 >endless.grad
killed_at hurt "" "$GRADUS" train endless.grad -o hurt
tries=0
while [ ! -s hurt/checkpoint-b ] && [ $tries -lt 3 ]; do # both are there, and one is the newer
	killed_at hurt 2.5 "$GRADUS" resume hurt
	tries=$((tries + 1))
done
[ -s hurt/checkpoint-a ] && [ -s hurt/checkpoint-b ] || fail "there are no two checkpoints"
damage() { # damage FILE HOW
	case $2 in
	short) head -c 100 "$1" >damaged ;;
	half) head -c $(($(wc -c <"$1") / 2)) "$1" >damaged ;;
	empty) : >damaged ;;
	long) { cat "$1"; echo more; } >damaged ;;
	bit) { head -c 300 "$1"; printf '\377\001'; tail -c +303 "$1"; } >damaged ;;
	esac
	cp damaged "$1"
}
stop_soon() { # resume DIR until a line says that it goes on; the code it would end with by itself stands in `code`
	: >err # of the run before
	"$GRADUS" resume "$1" >out 2>err </dev/null &
	pid=$!
	tries=0
	while kill -0 $pid 2>/dev/null && ! grep -q "going on" err && [ $tries -lt 2000 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	kill -INT $pid 2>/dev/null
	wait $pid
	code=$?
}
for how in short half empty long bit; do
	for which in a b; do
		rm -rf copy
		cp -r hurt copy
		damage copy/checkpoint-$which $how
		stop_soon copy
		[ $code -eq 130 ] || { fail "one checkpoint is $how: exit code $code"; cat err; }
		has err W0809
	done
	rm -rf copy
	cp -r hurt copy
	damage copy/checkpoint-a $how
	damage copy/checkpoint-b $how
	expect 5 "$GRADUS" resume copy
	has err E0808
	cmp hurt/metrics.jsonl copy/metrics.jsonl || fail "a refused run was changed"
done
program "backprop()" 3 999999 >other.grad
killed_at other "" "$GRADUS" train other.grad -o other
cp hurt/checkpoint-a other/checkpoint-a
cp hurt/checkpoint-a other/checkpoint-b
expect 5 "$GRADUS" resume other
has err "of another run"
rm -rf copy
cp -r hurt copy
: >copy/metrics.jsonl
expect 5 "$GRADUS" resume copy
has err "ends before it"
rm -rf copy
cp -r hurt copy
echo "# changed" >>copy/sources/part.grad
expect 5 "$GRADUS" resume copy
has err E0808
rm copy/run.json
expect 5 "$GRADUS" resume copy
mkdir nothing
expect 5 "$GRADUS" resume nothing
expect 2 "$GRADUS" resume nowhere
expect 2 "$GRADUS" resume
expect 2 "$GRADUS" resume hurt --precision f64
expect 2 "$GRADUS" resume hurt --strict
expect 2 "$GRADUS" resume hurt --interpret
# Links in the place of checkpoints lead nowhere.
rm -rf copy
cp -r hurt copy
mv copy/checkpoint-a outside-a
mv copy/checkpoint-b outside-b
ln -s ../outside-a copy/checkpoint-a
ln -s ../outside-b copy/checkpoint-b
expect 5 "$GRADUS" resume copy
has err "leads out of"

# ---- what the command line said of the run ----
expect 0 "$GRADUS" train short.grad -o options-whole --steps 7 --seed 5 --precision f64
expect 0 "$GRADUS" train short.grad -o options --steps 7 --seed 5 --precision f64
rm options/result.json options/rule.grad
expect 0 "$GRADUS" resume options
same options-whole options
cat >opened.grad <<'GRAD'
experiment e {
  train   adam(lr = 0.05)
  on      quadratic(n = 3)
  problems 8 train
  horizon 6
  update  gradient_descent(lr = 0.1) for 20 steps
}
GRAD
expect 0 "$GRADUS" train opened.grad -o opened-whole --learn adam.lr --learn adam.beta1
cp -r opened-whole opened
rm opened/result.json
expect 0 "$GRADUS" resume opened
cmp opened/rule.grad opened-whole/rule.grad || fail "--learn is lost"

# ---- files of data ----
mkdir files
awk 'BEGIN { srand(1); for (i = 0; i < 20; i++) print rand() "," rand() }' >files/points.csv
cat >files/fit.grad <<'GRAD'
objective line() {
  data P : [n, 2] from "points.csv"
  param a : real ~ normal(0, 1)
  minimize mean[i]((P[i, 1] - a * P[i, 0])^2)
}
experiment e {
  train   adam(lr = 0.05)
  on      line()
  problems 8 train
  horizon 6
  update  gradient_descent(lr = 0.1) for 20 steps
  learn   adam.lr
}
GRAD
expect 0 "$GRADUS" train files/fit.grad -o data-whole
cp -r data-whole data
rm data/result.json
expect 0 "$GRADUS" resume data --data files
cmp data/rule.grad data-whole/rule.grad || fail "a run with data goes on otherwise"
rm data/result.json
echo "1,2" >>files/points.csv
expect 5 "$GRADUS" resume data --data files
has err "is not the file that was trained with"

# ---- a full disk: nothing is lost but what came after the last checkpoint ----
program "pes(window = 4, particles = 3)" 4 30000 >longer.grad
expect 0 "$GRADUS" train longer.grad -o longer
killed_at full "" "$GRADUS" train longer.grad -o full
(
	ulimit -f 1 # half a kilobyte: no checkpoint and no line fit any more
	exec "$GRADUS" resume full
) >out 2>err </dev/null
code=$?
[ $code -ne 0 ] && [ $code -ne 70 ] || fail "a full disk gives exit code $code"
expect 0 "$GRADUS" resume full
same longer full

# ---- two at once: the second is refused, and does no harm ----
"$GRADUS" train longer.grad -o both >out 2>err </dev/null &
pid=$!
tries=0
while [ ! -s both/checkpoint-a ] && kill -0 $pid 2>/dev/null && [ $tries -lt 600 ]; do
	sleep 0.05
	tries=$((tries + 1))
done
if kill -STOP $pid 2>/dev/null && [ ! -s both/result.json ]; then
	"$GRADUS" resume both >out2 2>err2 </dev/null
	code=$?
	[ $code -eq 5 ] && grep -q 'another process writes it' err2 || fail "a second training in one folder: exit $code, $(cat err2)"
fi
kill -CONT $pid
wait $pid || fail "a training beside which another one was tried: $(cat err)"
same longer both
finish
