#!/bin/sh
# The archive of a search: the same on any number of threads; killed at any moment, `resume` ends with the same archive, rule and front;
# `front` lists what is in it. GRADUS_SEARCH_KILLS (4) says how many kills, GRADUS_SEED at which moments.
. "$SOURCE_DIR/tests/command/lib.sh"
. "$SOURCE_DIR/tests/command/archive_dump.sh"
kills=${GRADUS_SEARCH_KILLS:-4} seed=${GRADUS_SEED:-$(date +%s)}

cat >open.grad <<'END'
joint optimizer open_step(lr = 1.0, decay = 0.3) {
  state m = 0
  let s = g / rms(g)
  m <- decay * m + (1 - decay) * s
  x <- x - lr * discover(s, m, f, 1 - (t - 1) / horizon, size = 5)
}
experiment long {
  train    open_step()
  on       robust_regression(n = 20)
  problems 64 train, 8 select, 10 test
  horizon  40
  keep     4
}
END

# ---- what is in it, and the same on any number of threads ----
expect 0 "$GRADUS" train open.grad -o whole --threads 1
./dump whole/archive.sqlite >whole.txt || fail "the archive cannot be read"
for threads in 2 3; do
	expect 0 "$GRADUS" train open.grad -o threads$threads --threads $threads
	./dump threads$threads/archive.sqlite >threads.txt
	cmp -s whole.txt threads.txt || fail "another archive on $threads threads"
	for file in rule.grad front.grad; do
		cmp -s whole/$file threads$threads/$file || fail "another $file on $threads threads"
	done
done
[ -z "$(ls -A whole | grep -e -wal -e -shm -e -journal)" ] || fail "left beside the archive: $(ls -A whole)"
epochs=$(grep -c '^epoch|' whole.txt)
[ "$epochs" -gt 5 ] || fail "only $epochs epochs"
# Each finalist has a score in every stage, each expression in the first two.
grep '^score|' whole.txt | awk -F '|' '
	{ stages[$2] = stages[$2] $3; last[$2] = $3 }
	END {
		for (hash in stages) {
			all++
			if (stages[hash] !~ /^01/) bad++
			if (last[hash] == 4) { finalists++; if (stages[hash] != "01234") bad++ }
		}
		exit !(all > 100 && finalists >= 4 && !bad)
	}' || fail "stages are missing"
[ "$(grep -c '^expr|' whole.txt)" -eq "$(grep '^score|' whole.txt | cut -d '|' -f 2 | sort -u | grep -c .)" ] ||
	fail "a score without its expression"

# ---- kills ----
came_to_the_end() { # DIR: the same as undisturbed
	./dump "$1/archive.sqlite" >again.txt || fail "$1: the archive cannot be read"
	cmp -s whole.txt again.txt || fail "$1: another archive"
	for file in rule.grad front.grad; do
		cmp -s "whole/$file" "$1/$file" || fail "$1: another $file"
	done
	[ -s "$1/result.json" ] || fail "$1: no result"
}
there() { # waits until DIR is there: what is compiled before takes long on a busy machine
	tries=0
	while [ ! -s "$1/run.json" ] && [ $tries -lt 1200 ]; do
		sleep 0.02
		tries=$((tries + 1))
	done
}
"$GRADUS" train open.grad -o timed >out 2>err &
there timed
begun=$(date +%s%N)
wait $! || fail "a search fails: $(cat err)"
length=$((($(date +%s%N) - begun) / 1000000)) # ms, from when there is something to when there is nothing more
none=0 resumed=0 twice=0 number=0
for share in $(awk -v n="$kills" -v seed="$seed" 'BEGIN { srand(seed); for (i = 0; i < n; i++) printf "%.3f\n", rand() }'); do
	number=$((number + 1))
	dir=killed$number
	"$GRADUS" train open.grad -o $dir >out 2>err &
	pid=$!
	[ $((number % 10)) -eq 0 ] || there $dir # else from the start
	sleep "$(awk -v s="$share" -v l="$length" 'BEGIN { print s * l / 1000 }')"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	if [ ! -s $dir/run.json ]; then
		none=$((none + 1))
		rm -rf $dir
		continue
	fi
	if [ -s $dir/rule.grad ]; then # the best so far can be used
		expect 0 "$GRADUS" check $dir/rule.grad $dir/front.grad
		[ $((number % 4)) -ne 0 ] || expect 0 "$GRADUS" minimize "robust_regression(n = 20)" --with $dir --steps 3
	fi
	if [ $((number % 3)) -eq 0 ] && [ ! -s $dir/result.json ]; then # killed again while it goes on
		"$GRADUS" resume $dir --threads 2 >out 2>err &
		pid=$!
		sleep "$(awk -v s="$share" -v l="$length" 'BEGIN { print s * l / 2000 }')"
		kill -KILL $pid 2>/dev/null
		wait $pid 2>/dev/null
		twice=$((twice + 1))
	fi
	expect 0 "$GRADUS" resume $dir --threads $((1 + number % 2))
	came_to_the_end $dir
	resumed=$((resumed + 1))
	rm -rf $dir
	[ $failures -lt 5 ] || break
done
echo "$number kills (seed $seed, of $length ms): $none before there was anything, $resumed gone on with, $twice of them killed twice"

# At certain moments: when the first epoch is there, and (by the archive cut short) after each one.
"$GRADUS" train open.grad -o early >out 2>err &
pid=$!
tries=0
while [ ! -s early/archive.sqlite ] && [ $tries -lt 600 ]; do
	sleep 0.02
	tries=$((tries + 1))
done
kill -KILL $pid
wait $pid 2>/dev/null
expect 0 "$GRADUS" resume early
came_to_the_end early
expect 0 "$GRADUS" resume early
has err 'finished'
# A folder whose archive was never made, or is empty, goes on from the start.
for kind in missing empty; do
	cp -r whole $kind
	rm $kind/archive.sqlite $kind/result.json
	[ $kind = missing ] || : >$kind/archive.sqlite
	expect 0 "$GRADUS" resume $kind
	came_to_the_end $kind
done

# ---- evolution, and random search beside it ----
sed 's/size = 5/size = 8/; s/keep     4/keep     4\n  search   evolve(population = 30, islands = 4, random = true) for 3000 candidates/; s/64 train/8 train/; s/horizon  40/horizon  10/' open.grad >evolve.grad
expect 0 "$GRADUS" train evolve.grad -o evolved --threads 1
./dump evolved/archive.sqlite >evolved.txt || fail "the archive of an evolution cannot be read"
[ "$(grep -c '^epoch|[0-9]*|-1|' evolved.txt)" -gt 4 ] || fail "too few epochs of evolution"
same_evolution() { # DIR
	./dump "$1/archive.sqlite" >again.txt || fail "$1: the archive cannot be read"
	cmp -s evolved.txt again.txt || fail "$1: another archive"
	for file in rule.grad front.grad; do
		cmp -s "evolved/$file" "$1/$file" || fail "$1: another $file"
	done
}
expect 0 "$GRADUS" train evolve.grad -o evolved3 --threads 3
same_evolution evolved3
for share in $(awk -v n="$(((kills + 1) / 2))" -v seed="$seed" 'BEGIN { srand(seed + 1); for (i = 0; i < n; i++) printf "%.3f\n", rand() }'); do
	rm -rf cut
	"$GRADUS" train evolve.grad -o cut >out 2>err &
	pid=$!
	there cut
	sleep "$share"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	expect 0 "$GRADUS" check cut/rule.grad cut/front.grad
	[ -s cut/result.json ] || expect 0 "$GRADUS" resume cut --threads 2
	same_evolution cut
done
# All is there but the end: nothing is scored again.
rm cut/result.json
expect 0 "$GRADUS" resume cut
same_evolution cut
[ "$(json_value evaluations <cut/result.json)" = "$(json_value evaluations <evolved/result.json)" ] || fail "the evaluations before the kill are not counted"

# ---- what does not go on ----
copy() { # a run without its result
	rm -rf other
	cp -r whole other
	rm other/result.json
}
copy
sed -i 's/decay = 0.3/decay = 0.31/' other/sources/open.grad
expect 5 "$GRADUS" resume other
copy
sed -i 's/"problem_seed": 0/"problem_seed": 1/' other/run.json
expect 5 "$GRADUS" resume other
has err 'another search'
cat >alter.c <<'C'
#include <sqlite3.h>
int main(int count, char **words) {
	sqlite3 *db;
	return count != 3 || sqlite3_open(words[1], &db) != SQLITE_OK || sqlite3_exec(db, words[2], 0, 0, 0) != SQLITE_OK ||
	       sqlite3_close(db) != SQLITE_OK;
}
C
"$CC" -o alter alter.c -lsqlite3 || fail "what alters archives does not compile"
for change in "UPDATE epoch SET state = x'00' WHERE n = 0" 'UPDATE epoch SET stage = 2 WHERE n = 1' 'DELETE FROM epoch WHERE n = 1' \
	'DELETE FROM score WHERE stage = 2' "UPDATE score SET constants = '1 2 3 4 5 6 7 8 9 10'" 'DROP TABLE expr' \
	'UPDATE score SET value = value / 2' 'UPDATE score SET lr = 1 WHERE stage = 3' 'UPDATE epoch SET evaluations = 1' \
	'UPDATE run SET grammar = NULL' 'DELETE FROM run'; do
	copy
	./alter other/archive.sqlite "$change" || fail "the archive could not be altered: $change"
	expect 5 "$GRADUS" resume other
	has err E0812
done
copy
./alter other/archive.sqlite "UPDATE expr SET text = 'm) + (f', degree = 'x', size = 1e300" || fail "the archive could not be altered"
expect 5 "$GRADUS" front other --best 3
has err 'a row of it is not what was written there'
copy
./alter other/archive.sqlite 'UPDATE score SET value = value / 2 WHERE stage = 4' || fail "the archive could not be altered"
expect 5 "$GRADUS" front other
rm -rf other
cp -r evolved other
rm other/result.json
./alter other/archive.sqlite "UPDATE epoch SET state = zeroblob(length(state)) WHERE n = 2" || fail "the archive could not be altered"
expect 5 "$GRADUS" resume other
has err 'a row of it is not what was written there'
copy
printf 'no archive' | dd of=other/archive.sqlite conv=notrunc 2>/dev/null
expect 5 "$GRADUS" resume other
expect 5 "$GRADUS" front other
copy
ln -sf /etc/hostname other/archive.sqlite-wal
expect 5 "$GRADUS" resume other
expect 5 "$GRADUS" front other
copy
rm other/archive.sqlite
ln -s ../whole/archive.sqlite other/archive.sqlite
expect 5 "$GRADUS" resume other
expect 5 "$GRADUS" front other
copy
expect 2 "$GRADUS" resume other --precision f64
expect 2 "$GRADUS" resume other --strict
expect 2 "$GRADUS" resume
expect 2 "$GRADUS" resume other whole

# Of a search that came to its end `front` marks the rule that won, whatever else is listed, and scores on several families.
expect 0 "$GRADUS" front whole --csv
winner=$(awk -F, '$(NF - 2) == 1' out)
[ -n "$winner" ] || fail "no winner: $(cat out)"
size=${winner%%,*}
expect 0 "$GRADUS" front whole --best 1000 --csv
[ "$(awk -F, '$2 == 4 && $(NF - 2) == 1' out | cut -d, -f1-3)" = "$(echo "$winner" | cut -d, -f1-3)" ] ||
	fail "--best marks another winner: $(grep ',1,"' out)"
expect 0 "$GRADUS" front whole --size $((size - 1)) --csv
[ -z "$(awk -F, 'NR > 1 && $(NF - 2) == 1' out)" ] || fail "--size marks what did not win: $(cat out)"
expect 0 "$GRADUS" front whole --size "$size" --csv
[ "$(awk -F, '$(NF - 2) == 1' out)" = "$winner" ] || fail "--size marks another winner: $(cat out)"
expect 0 "$GRADUS" front whole --on 'quadratic(n = 2), logistic(n = 9, d = 2)' --test 3 --csv
cp out pair
expect 0 "$GRADUS" front whole --on 'logistic(n = 9, d = 2)' --test 3 --csv
[ "$(cut -d, -f9-11 pair | tail -n +2)" = "$(cut -d, -f6-8 out | tail -n +2)" ] || fail "of two families the second is another one"
expect 2 "$GRADUS" front whole --on 'logistic,,logistic'
# Files of data are part of what was searched.
printf '1,2\n2,4.1\n3,5.9\n-1,-2\n' >points.csv
cat >fit.grad <<'END'
optimizer open_rule(lr = 0.1) {
  state m = 0
  m <- 0.5 * m + g
  x <- x - lr * discover(m, g, f, size = 3)
}
objective line() {
  data A : [m, 2] from "points.csv"
  param w : real ~ normal(0, 1)
  minimize mean[i]((A[i, 0] * w - A[i, 1])^2)
}
experiment fit {
  train    open_rule()
  on       line()
  problems 4 train, 4 select, 4 test
  horizon  6
}
END
expect 0 "$GRADUS" train fit.grad -o fit
has fit/run.json 'points.csv'
rm fit/result.json
cp fit/front.grad fit.front
expect 1 "$GRADUS" resume fit # where are they?
expect 0 "$GRADUS" resume fit --data .
cmp -s fit.front fit/front.grad || fail "with data, another front"
expect 0 "$GRADUS" front fit --on 'quadratic(n = 2)' --test 3
expect 0 "$GRADUS" front fit --on line --test 3 --data .
rm fit/result.json
echo 4,8 >>points.csv
expect 5 "$GRADUS" resume fit --data .
has err 'other sources or data'
# Two at once: one of them is refused, and does no harm.
"$GRADUS" train open.grad -o both >out 2>err &
pid=$!
tries=0
while [ ! -s both/archive.sqlite ] && [ $tries -lt 1200 ]; do
	sleep 0.02
	tries=$((tries + 1))
done
if kill -STOP $pid 2>/dev/null && [ ! -s both/result.json ]; then
	"$GRADUS" resume both >out2 2>err2
	[ $? -eq 5 ] || fail "a second search in one folder: $(cat err2)"
	grep -q 'another process writes it' err2 || fail "a second search in one folder: $(cat err2)"
fi
kill -CONT $pid
wait $pid || fail "a search beside which another one was tried: $(cat err)"
came_to_the_end both

# ---- front ----
expect 0 "$GRADUS" front whole
grep -q '^ *[0-9] \* ' out || fail 'no winner is marked'
has out 'select problems'
expect 0 "$GRADUS" front whole --csv
head -n 1 out | grep -q '^size,stage,score,low,high,rate,constants,flops,degree,winner,source,expression$' || fail 'the columns'
[ "$(tail -n +2 out | grep -c .)" -eq "$(grep -c '^optimizer\|^joint optimizer' whole/front.grad)" ] || fail "the front has other expressions"
tail -n +2 out | awk -F , '{ if (!($4 <= $3 && $3 <= $5)) exit 1 }' || fail "scores outside of their intervals: $(cat out)"
tail -n +2 out | sed 's/.*,"//; s/"$//' >formulas
while read -r formula; do
	grep -qF -e "* $formula" -e "($formula)" whole/front.grad || fail "'$formula' is not in front.grad"
done <formulas
expect 0 "$GRADUS" front whole --json
python3 -c 'import json, sys; x = json.load(open("out")); sys.exit(not (len(x) > 1 and sum(r["winner"] for r in x) == 1 and x == sorted(x, key=lambda r: r["size"]) and x[0]["score"] > x[-1]["score"]))' 2>err || fail "the front as JSON: $(cat err)"
expect 0 "$GRADUS" front whole --size 3 --csv
[ "$(tail -n +2 out | cut -d , -f 1 | sort -n | tail -n 1)" -le 3 ] || fail '--size lists larger ones'
expect 0 "$GRADUS" front whole --best 7 --csv
[ "$(tail -n +2 out | grep -c .)" -eq 7 ] || fail '--best lists another number'
tail -n +2 out | awk -F , '{ if (NR > 1 && $2 == stage && $3 < score) exit 1; if (NR > 1 && $2 > stage) exit 1; stage = $2; score = $3 }' ||
	fail '--best is not in order'
expect 0 "$GRADUS" front whole --best 100000 --csv
[ "$(tail -n +2 out | grep -c .)" -le "$(grep -c '^expr|' whole.txt)" ] || fail '--best lists more than there are'
# Elsewhere: the mean of f after each step, as minimize tells of the same problem.
expect 0 "$GRADUS" front whole --on 'logistic(n = 20)' --test 1 --steps 10 --csv
grep ',1,"[^"]*","[^"]*"$' out | cut -d , -f 6 >by_front
expect 0 "$GRADUS" minimize 'logistic(n = 20)' --with whole --steps 10 --instance 2000000 --precision f32 --json
json_list f <out | awk 'NR > 1 && NF { sum += $1; n++ } END { printf "%.17g\n", sum / n }' >by_minimize
near 1e-6 by_front by_minimize
expect 0 "$GRADUS" front whole --on 'robust_regression(n = 20)' --test 5
has out '[95 % interval]'
expect 2 "$GRADUS" front whole --csv --json
expect 2 "$GRADUS" front whole --test 5
expect 2 "$GRADUS" front whole --on nosuch
expect 2 "$GRADUS" front
expect 5 "$GRADUS" front nowhere
# Several open places: an expression for each, and the same after a kill.
cat >two.grad <<'END'
joint optimizer two(lr = 1.0) {
  state m = 0
  m <- discover(m, g, size = 3)
  x <- x - lr * discover(m, g, f, size = 3)
}
experiment e {
  train    two()
  on       robust_regression(n = 20)
  problems 8 train, 4 select, 4 test
  horizon  10
  search   evolve(population = 20, islands = 3) for 200 candidates
}
END
expect 0 "$GRADUS" train two.grad -o two
./dump two/archive.sqlite >two.txt
rm two/result.json
cp two/front.grad two.front
expect 0 "$GRADUS" resume two
./dump two/archive.sqlite >again.txt
cmp -s two.txt again.txt && cmp -s two.front two/front.grad || fail "with two open places, another archive or front"
expect 0 "$GRADUS" front two --on 'robust_regression(n = 20)' --test 3
./alter two/archive.sqlite "UPDATE expr SET text = 'g'"
expect 5 "$GRADUS" front two --on 'robust_regression(n = 20)' --test 3
has err E0812
# While it is written, and of what is cut short.
"$GRADUS" train open.grad -o running >out 2>err &
pid=$!
tries=0
while ! "$GRADUS" front running --csv >listed 2>said && [ $tries -lt 400 ]; do
	sleep 0.02
	tries=$((tries + 1))
done
grep -q expression listed || fail "a search that goes on cannot be listed: $(cat said)"
wait $pid || fail "a search that is read meanwhile fails: $(cat err)"
came_to_the_end running
finish
