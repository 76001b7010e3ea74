#!/bin/sh
# The archive of a search among choices, fitted and trained: the same on any number of threads; killed or interrupted at any moment, `resume`
# ends with the same archive and rule; `front` lists what is in it. GRADUS_SEARCH_KILLS (4) says how many kills, GRADUS_SEED at which moments.
. "$SOURCE_DIR/tests/command/lib.sh"
. "$SOURCE_DIR/tests/command/archive_dump.sh"
kills=${GRADUS_SEARCH_KILLS:-4} seed=${GRADUS_SEED:-$(date +%s)}

cat >parts.grad <<'END'
optimizer parts(lr = 0.1, decay = 0.9) {
  learn gain = 0.5 in (0, 1)
  state m = 0
  state v = 0
  let first = choose { 0.5, decay, gain }
  m <- first * m + (1 - first) * choose { g, g / rms(g), sign(g) }
  v <- decay * v + (1 - decay) * g^2
  let u = choose { g, m, sign(m), m / (sqrt(v) + 1e-8), g / (sqrt(v) + 1e-8), m + g }
  let fall = choose { 1, 1 - (t - 1) / horizon, 1 / sqrt(t), 1 / t }
  let pull = choose { 0, 0.001, 0.01 }
  x <- x - lr * fall * (u + pull * x)
}
experiment fitted {
  train    parts()
  on       robust_regression(n = 20)
  problems 40 train, 6 select, 10 test
  horizon  20
}
experiment drawn {
  train    parts()
  on       quadratic(n = 3)
  problems 8 train, 6 select, 10 test
  horizon  8
  search   random for 40 candidates
  keep     3
}
optimizer arrays(lr = 0.05) {
  learn W : [3] = 0.5
  learn decay = 0.5 in (0, 1)
  state m = 0
  m <- decay * m + choose { g, g / rms(g), sign(g) }
  let u = choose { W[0] * g + W[1] * m + W[2] * sign(g), m, g, (W[0] + W[1]) * sign(m) }
  x <- x - lr * choose { 1, 1 - (t - 1) / horizon } * u
}
experiment trained {
  train    arrays()
  on       robust_regression(n = 20)
  problems 6 train, 6 select, 6 test
  horizon  10
  update   adam(lr = 0.05) for 48 steps
}
END
same() { # DIR OTHER: the same archive and rule
	./dump "$1/archive.sqlite" >one.txt || fail "$1: the archive cannot be read"
	./dump "$2/archive.sqlite" >other.txt || fail "$2: the archive cannot be read"
	cmp -s one.txt other.txt || fail "$2: another archive than that of $1"
	for file in rule.grad weights.safetensors; do
		[ ! -e "$1/$file" ] || cmp -s "$1/$file" "$2/$file" || fail "$2: another $file than that of $1"
	done
	[ "$(json_value evaluations <"$1/result.json")" = "$(json_value evaluations <"$2/result.json")" ] ||
		fail "$2: other evaluations than those of $1"
}
there() { # PID FILE: waits until it is there, or the process is gone
	while [ ! -s "$2" ] && kill -0 "$1" 2>/dev/null; do sleep 0.02; done
}

# ---- the same on any number of threads; what is in it ----
for kind in fitted drawn trained; do
	expect 0 "$GRADUS" train parts.grad $kind -o $kind --threads 1
	expect 0 "$GRADUS" train parts.grad $kind -o ${kind}2 --threads 2
	same $kind ${kind}2
	lacks $kind/rule.grad choose
	expect 0 "$GRADUS" check $kind/rule.grad
done
./dump fitted/archive.sqlite >rows
[ "$(grep -c '^expr|' rows)" -eq "$(json_value distinct <fitted/result.json)" ] || fail "combinations are missing from the archive"
[ "$(grep -c '^score|[0-9]*|0|' rows)" -eq "$(grep -c '^expr|' rows)" ] || fail "a combination without a score"
[ "$(grep -c '^score|[0-9]*|4|' rows)" -eq 8 ] || fail "another number of finalists than 8"
./dump drawn/archive.sqlite | grep -q '^expr|.*|climb|' || fail "none was made of the best of a sample"
./dump trained/archive.sqlite >rows
[ "$(grep -c '^expr|.*|fixed|' rows)" -ge 2 ] || fail "combinations in which nothing is learned have no score"

# ---- kills, and a kill of what goes on ----
resumed=0 none=0 number=0
for share in $(awk -v n="$kills" -v seed="$seed" 'BEGIN { srand(seed); for (i = 0; i < n; i++) printf "%.3f\n", rand() }'); do
	number=$((number + 1)) kind=fitted
	[ $((number % 2)) -eq 1 ] || kind=trained
	"$GRADUS" train parts.grad $kind -o cut >out 2>err &
	pid=$!
	there $pid cut/run.json
	# Until so many epochs are there: how fast the machine is does not matter.
	wanted=$(awk -v s="$share" -v n="$(./dump $kind/archive.sqlite | grep -c '^epoch|')" 'BEGIN { print int(s * n) }')
	while kill -0 $pid 2>/dev/null && [ "$(./dump cut/archive.sqlite 2>/dev/null | grep -c '^epoch|')" -lt "$wanted" ]; do sleep 0.01; done
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	[ ! -s cut/run.json ] || [ -s cut/rule.grad ] || [ ! -s cut/archive.sqlite ] || fail "killed: an archive without a rule"
	if [ -s cut/rule.grad ]; then
		expect 0 "$GRADUS" check cut/rule.grad
		[ -s cut/result.json ] || expect 0 "$GRADUS" resume cut --threads $((1 + number % 2))
		same $kind cut
		resumed=$((resumed + 1))
	else
		none=$((none + 1))
	fi
	rm -rf cut
	[ $failures -lt 3 ] || break
done
echo "$number kills (seed $seed): $none before there was anything, $resumed gone on with"

# ---- from certain epochs on (what later ones have put is put again), and where all are there but the end ----
for kind in fitted trained drawn; do
	last=$(./dump $kind/archive.sqlite | grep -c '^epoch|')
	for n in $((last / 3)) $((last - 1)) $last; do
		rm -rf cut
		cp -r $kind cut
		rm cut/result.json
		./dump cut/archive.sqlite "DELETE FROM epoch WHERE n >= $n" || fail "the archive could not be cut"
		"$GRADUS" resume cut >out 2>err || fail "$kind: it does not go on from epoch $n: $(cat err)"
		same $kind cut
	done
done

# ---- Ctrl-C: a rule that can be used, or no folder; and it goes on ----
interrupted() { # KIND FILE: Ctrl-C as soon as the file is there
	rm -rf cut err
	"$GRADUS" train parts.grad "$1" -o cut >out 2>err &
	pid=$!
	there $pid "$2"
	kill -INT $pid 2>/dev/null
	wait $pid
	code=$?
	if [ -e cut ]; then
		[ -s cut/rule.grad ] || fail "interrupted ($1): a folder without a rule: $(ls cut)"
		expect 0 "$GRADUS" check cut/rule.grad
		[ $code -eq 0 ] || [ $code -eq 130 ] || fail "interrupted ($1): exit code $code"
		[ -s cut/result.json ] || expect 0 "$GRADUS" resume cut
		same "$1" cut
	else
		[ $code -eq 130 ] || fail "interrupted ($1) before there was anything: exit code $code"
		grep -q 'nothing was saved' err || fail "interrupted ($1): nothing is said: $(cat err)"
	fi
}
for kind in fitted trained; do
	interrupted $kind err # it says what it begins with
	interrupted $kind cut/run.json
	interrupted $kind cut/archive.sqlite
done

# ---- what does not go on ----
copy() { # KIND: a run without its result
	rm -rf other
	cp -r "$1" other
	rm other/result.json
}
copy fitted
sed -i 's/decay = 0.9/decay = 0.8/' other/sources/parts.grad
expect 5 "$GRADUS" resume other
copy fitted
sed -i 's/"problem_seed": 0/"problem_seed": 1/' other/run.json
expect 5 "$GRADUS" resume other
has err 'another search'
for change in "UPDATE epoch SET state = x'00' WHERE n = 0" 'UPDATE epoch SET stage = 2 WHERE n = 1' 'DELETE FROM epoch WHERE n = 1' \
	'DELETE FROM score WHERE stage = 0' 'UPDATE score SET value = value / 2' 'UPDATE run SET grammar = NULL'; do
	for kind in fitted trained; do
		copy $kind
		./dump other/archive.sqlite "$change" || fail "the archive could not be altered: $change"
		expect 5 "$GRADUS" resume other
		has err E0812
	done
done
copy fitted
./dump other/archive.sqlite "UPDATE expr SET text = 'u=9'" || fail "the archive could not be altered"
expect 5 "$GRADUS" front other --best 3
has err 'a row of it is not what was written there'

# Files of data are part of what was searched; to list what was found, none are needed. Choices that were made stay made, and the others keep
# their names.
printf '1,2\n2,4.1\n3,5.9\n-1,-2\n' >points.csv
cat >fit.grad <<'END'
optimizer c(lr = 0.1) {
  x <- x - lr * choose { 1, 0.5 } * choose { g, sign(g) } * choose { 1, 1 / t }
}
objective line() {
  data A : [m, 2] from "points.csv"
  param w : real ~ normal(0, 1)
  minimize mean[i]((A[i, 0] * w - A[i, 1])^2)
}
experiment fit {
  train    c()
  on       line()
  problems 4 train, 4 select, 4 test
  horizon  6
}
END
expect 0 "$GRADUS" train fit.grad -o fit --choose 1=2
cp -r fit fit2
rm fit2/result.json
expect 0 "$GRADUS" front fit2
has out '2=1 3=1'
expect 1 "$GRADUS" resume fit2 # where are they?
expect 0 "$GRADUS" resume fit2 --data .
same fit fit2
rm fit2/result.json
echo 4,8 >>points.csv
expect 5 "$GRADUS" resume fit2 --data .
has err 'other sources or data'

# ---- front ----
expect 0 "$GRADUS" front fitted
has out 'select problems'
grep -q '^ *1 \* ' out || fail 'no winner is marked'
expect 0 "$GRADUS" front fitted --csv
head -n 1 out | grep -q '^stage,score,low,high,rate,constants,winner,source,choices$' || fail "the columns: $(head -n 1 out)"
[ "$(tail -n +2 out | grep -c .)" -eq 8 ] || fail "other finalists: $(cat out)"
tail -n +2 out | awk -F , '{ if ($2 < before || $3 > $2 || $2 > $4) exit 1; before = $2 }' || fail "finalists out of order: $(cat out)"
expect 0 "$GRADUS" front fitted --best 1000 --choose fall=2 --csv
tail -n +2 out | grep -v 'fall=2' | grep -q . && fail "--choose lists others: $(cat out)"
[ "$(tail -n +2 out | grep -c .)" -gt 8 ] || fail '--choose leaves too few'
cp out plain
expect 0 "$GRADUS" front fitted --best 1000 --choose parts.fall=2 --csv
cmp -s plain out || fail "--choose with the name of the rule lists others"
expect 1 "$GRADUS" front fitted --choose fall=9
has err 'has all of --choose'
expect 0 "$GRADUS" front fitted --json
python3 -c 'import json, sys; x = json.load(open("out")); sys.exit(not (len(x) == 8 and x[0]["winner"] and sum(r["winner"] for r in x) == 1 and x == sorted(x, key=lambda r: r["score"])))' 2>err ||
	fail "the finalists as JSON: $(cat err)"
expect 0 "$GRADUS" front trained
has out 'all steps'
expect 2 "$GRADUS" front trained --on quadratic
expect 2 "$GRADUS" front fitted --size 3
# On the select problems' own family, as compiled rules: what `minimize` says of rule.grad.
expect 0 "$GRADUS" front fitted --on 'robust_regression(n = 20)' --test 1 --csv
sed -n 2p out | cut -d , -f 5 >by_front
expect 0 "$GRADUS" minimize 'robust_regression(n = 20)' --with fitted --steps 20 --instance 2000000 --precision f32 --json
json_list f <out | awk 'NR > 1 && NF { sum += $1; n++ } END { printf "%.17g\n", sum / n }' >by_minimize
near 1e-5 by_front by_minimize
for kind in fitted trained; do
	expect 0 "$GRADUS" compare $kind
	expect 0 "$GRADUS" info $kind
done
finish
