#!/bin/sh
# Open learners: found, written as a function that does what the search saw, the same on any number of threads and after any kill; what is asked
# wrongly is said with its reason.
. "$SOURCE_DIR/tests/command/lib.sh"
. "$SOURCE_DIR/tests/command/archive_dump.sh"
file=$SOURCE_DIR/examples/linear_regression.grad

# ---- the space ----
expect 0 "$GRADUS" show space "$file"
has out 'online: a learner, of 10 statements in setup, 2 statements in predict, 8 statements in learn'
has out '  dot        a number  vector, vector'
has out 'some 10^41 programs'
expect 0 "$GRADUS" info "$file"
has out 'searches         online, a learner, for its program'

# ---- a search that solves its problem ----
expect 0 "$GRADUS" train "$file" -o solved --seed 1 --threads 1
has out 'solved'
lacks err W0821
grep -q '"solved": true' solved/result.json || fail "result.json does not say that it is solved"
expect 0 "$GRADUS" check solved/rule.grad
lacks solved/rule.grad 'discover('
# As a file like any: f where problems start. (The test problems are instances from 2000000 on.)
expect 0 "$GRADUS" eval solved/rule.grad linear_regression --instance 2000000 --json
json_value value <out >value
awk '{ exit !($1 > 0 && $1 < 0.001) }' value || fail "the written learner is not good on a new problem: $(cat value)"
expect 0 "$GRADUS" minimize solved/rule.grad linear_regression --with gradient_descent --steps 2
expect 0 "$GRADUS" emit c solved/rule.grad linear_regression -o as-c
# What it is not good for is said.
expect 2 "$GRADUS" compare solved
has err 'has found a learner, which is no rule'
expect 2 "$GRADUS" front solved --on quadratic
has err 'has found a learner, which is no rule'
expect 0 "$GRADUS" front solved --best 3
has out 'dot('

# ---- small ones, for all else ----
cat >small.grad <<'END'
# The words of the language are taken, so that what is made up has other names.
fn s2(a) = 2 * a
fn online(v1, i, s1) = discover(setup = 2, predict = 2, learn = 4, numbers = 3, vectors = 3, ops = wide)
objective line(n = 20, m = 10, d = 2) {
  given w : [d] ~ normal(0, 1)
  given X : [n, d] ~ normal(0, 1)
  given unseen : [m, d] ~ normal(0, 1)
  param predicted = online(X, X @ w, unseen)
  let r = predicted - unseen @ w
  minimize s2(mean(r^2))
}
experiment evolves {
  train    online
  on       line(), line(d = 3)
  problems 5 train, 6 select, 7 test
  search   evolve(population = 20, tournament = 4, islands = 3, restart = 2000) for 12000 candidates
}
END
expect 0 "$GRADUS" check small.grad
expect 0 "$GRADUS" train small.grad -o whole --threads 1
has out '6 beginnings'
expect 0 "$GRADUS" check whole/rule.grad
cp out whole.out

./dump whole/archive.sqlite >whole.txt || fail "the archive cannot be read"
[ "$(grep -c '^epoch' whole.txt)" -eq 6 ] || fail "the archive has not one epoch for each beginning"

same() {
	./dump "$1/archive.sqlite" >again.txt || fail "$1: the archive cannot be read"
	cmp -s whole.txt again.txt || fail "$1: another archive"
	cmp -s whole/rule.grad "$1/rule.grad" || fail "$1: another rule"
}
expect 0 "$GRADUS" train small.grad -o two --threads 2
same two
expect 0 "$GRADUS" train small.grad -o other --threads 2 --seed 5
cmp -s whole/rule.grad other/rule.grad && fail "another seed gives the same"

# What has all its beginnings, or the first of them, ends as it did.
for last in 5 2 0; do
	rm -rf partly
	cp -r whole partly
	rm partly/result.json partly/rule.grad partly/front.grad
	./dump partly/archive.sqlite "DELETE FROM epoch WHERE n > $last; DELETE FROM expr WHERE epoch > $last;
		DELETE FROM score WHERE hash NOT IN (SELECT hash FROM expr)" || fail "the archive could not be altered"
	expect 0 "$GRADUS" resume partly --threads 2
	same partly
done

# Killed at some moment, and resumed; Ctrl-C, and resumed.
for moment in 0 0.05 0.1 0.2; do
	rm -rf killed
	"$GRADUS" train small.grad -o killed --threads 1 >/dev/null 2>&1 &
	pid=$! tries=0
	while [ ! -s killed/archive.sqlite ] && [ $tries -lt 600 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
	sleep $moment
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	[ -e killed/result.json ] || expect 0 "$GRADUS" resume killed --threads 2
	same killed
done
"$GRADUS" train small.grad -o stopped --search 'evolve(population = 20) for 100000000 candidates' >out 2>err &
pid=$! tries=0
while [ ! -s stopped/rule.grad ] && [ $tries -lt 600 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
kill -INT $pid
wait $pid
[ $? -eq 130 ] || fail "Ctrl-C does not end with 130"
has out 'interrupted: this is saved in stopped; to go on: '
expect 0 "$GRADUS" check stopped/rule.grad

# A full disk ends the search with the best so far; where there is room again, it goes on from there.
if [ "$(id -u)" -eq 0 ] && mkdir disk && mount -t tmpfs -o size=200k tmpfs disk 2>/dev/null; then
	trap 'umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
	sed 's/islands = 3, restart = 2000) for 12000/islands = 1, restart = 100) for 3000/' small.grad >many.grad
	expect 0 "$GRADUS" train many.grad -o whole_many
	expect 4 "$GRADUS" train many.grad -o disk/full
	has err E0811
	has out 'the archive is not whole: this is saved in disk/full; to go on: '
	expect 0 "$GRADUS" check disk/full/rule.grad
	mount -o remount,size=20m disk
	expect 0 "$GRADUS" resume disk/full
	for folder in whole_many disk/full; do ./dump "$folder/archive.sqlite"; done >both.txt
	[ "$(sort both.txt | uniq -u | wc -l)" -eq 0 ] || fail "after a full disk: another archive"
	umount disk
fi

# An archive that was altered is refused, whatever stands in it.
# (Rows carry a hash of what they say, so what is altered is found before it is looked at.)
for state in "zeroblob(7)" "zeroblob(length(state))" "randomblob(length(state))"; do
	rm -rf altered
	cp -r whole altered
	rm altered/result.json
	./dump altered/archive.sqlite "UPDATE epoch SET state = $state WHERE n = 1" || fail "the archive could not be altered"
	expect 5 "$GRADUS" resume altered
	has err E0812
done

# Random search, precision, the oracle.
expect 0 "$GRADUS" train small.grad -o drawn --search 'random for 500 candidates'
has out 'drawn at random'
expect 0 "$GRADUS" train small.grad -o in64 --precision f64 --search 'evolve(population = 10, islands = 1) for 300 candidates'
lacks err W0821
expect 0 "$GRADUS" train small.grad -o by_oracle --interpret --strict --search 'evolve(population = 10, islands = 1) for 30 candidates'
lacks err W0821

# Without select problems the best of all beginnings are compared on the same problems, which are those that what is written is scored on.
sed 's/6 select/0 select/' small.grad >unselected.grad
expect 0 "$GRADUS" train unselected.grad -o unselected
lacks err W0821
has out 'on 10 problems that the first beginning was made on'
has out 'on 14 problems that it has not seen'

# Where there are fewer programs than the experiment asks for, the search ends, and says so.
sed 's/setup = 2, predict = 2, learn = 4, numbers = 3, vectors = 3, ops = wide/setup = 0, predict = 1, learn = 1, numbers = 2, vectors = 2, ops = "dot"/' small.grad >tiny.grad
for how in 'evolve(population = 20, islands = 2)' random; do
	rm -rf tiny
	expect 0 "$GRADUS" train tiny.grad -o tiny --search "$how for 1000000 candidates"
	has out '4 beginnings'
	has out 'nothing new was to be found any more'
	grep -q '"exhausted": true' tiny/result.json || fail "result.json does not say that nothing is left"
done

# ---- what is asked wrongly ----
# wrong CODE TEXT LINE: the small file with a line in the place of another one
wrong() {
	sed "s/$2/$3/" small.grad >wrong.grad
	cmp -s small.grad wrong.grad && fail "nothing was changed by $2"
	expect 1 "$GRADUS" check wrong.grad
	has out "$1"
}
wrong E0332 'setup = 2' 'setup = 17'
wrong E0332 'numbers = 3' 'numbers = 1'
wrong E0332 'vectors = 3' 'vectors = 1.5'
wrong E0332 'ops = wide' 'ops = "const dot s-v"'
has out '`s-v` is no statement of open learners'
wrong E0332 'setup = 2' 'setups = 2'
has out 'did you mean `setup`?'
wrong E0218 'predict = 2' 'setup = 2'
wrong E0345 'discover(' 'discover(v1, '
wrong E0345 'online(v1, i, s1)' 'online(v1, i)'
wrong E0345 'ops = wide' 'ops = "const s-s v+v"'
# What programs call has to be what is meant, wherever the other one comes from.
wrong E0345 '\(.*\)online' '\1dot'
has out 'call the function `dot`, which is something else here'
wrong E0345 'online(v1, i, s1)' 'online(v1, finite_ratio, s1)'
wrong E0345 'fn s2(a) = 2' 'fn size(a, b) = 3\nfn s2(a) = 2'
wrong E0345 'fn s2(a) = 2' 'fn abs(a) = a\nfn s2(a) = 2'
sed 's/fn s2(a) = 2/fn abs(a) = a\nfn s2(a) = 2/; s/ops = wide/ops = default/' small.grad >called.grad
expect 0 "$GRADUS" check called.grad
wrong E0346 'param predicted = online(X, X @ w, unseen)' 'param predicted = 1 + online(X, X @ w, unseen)'
wrong E0346 'param predicted = online' 'param predicted : [m] = online'
wrong E0346 'online(X, X @ w, unseen)' 'online(X, X, unseen)'
wrong E0346 'online(X, X @ w, unseen)' 'online(X, X @ w, transpose(unseen))'
wrong E0346 'online(X, X @ w, unseen)' 'online(w, X @ w, unseen)'
wrong E0300 'train    online' 'train    line'
wrong E0346 'train    online' 'train    online(3)'
sed 's/train    online/train    online()/' small.grad >called.grad
expect 0 "$GRADUS" check called.grad
wrong E0335 'evolve(.*) for' 'enumerate for'
wrong E0335 'restart = 2000' 'random = true'
wrong E0335 'restart = 2000' 'restart = 1.5'
sed 's/^  train .*/&\n  horizon 40/' small.grad >wrong.grad
expect 0 "$GRADUS" check wrong.grad
has out W0335
expect 1 "$GRADUS" eval small.grad line
has err E0333
expect 2 "$GRADUS" train small.grad -o none --steps 3
expect 2 "$GRADUS" train small.grad -o none --propose cat
expect 2 "$GRADUS" train small.grad -o none --search enumerate
# An objective that has no learner, or draws at every step.
sed 's/^  on .*/  on quadratic()/' small.grad >wrong.grad
expect 1 "$GRADUS" train wrong.grad -o none
has err E0346
sed 's/^  let r.*/  batch noise : real ~ normal(0, 1)\n  let r = predicted - unseen @ w + noise/' small.grad >wrong.grad
expect 1 "$GRADUS" train wrong.grad -o none
has err E0346
sed 's/^  let r.*/  let r = predicted - unseen @ w\n  data held : [k] from "held.csv"\n  data seen : [h] from "seen.csv"/; s/^  minimize.*/  minimize mean(r^2) + mean(seen)\n  validate mean(r^2) + mean(seen) with seen = held/' small.grad >wrong.grad
printf '1\n2\n' >held.csv
printf '3\n4\n5\n' >seen.csv
expect 1 "$GRADUS" train wrong.grad -o none
has err 'is judged by what it validates'
# Data beside the file is found from wherever the search is begun.
mkdir -p folder elsewhere
sed 's/^  let r.*/  data seen : [h] from "seen.csv"\n  let r = predicted - unseen @ w + 0 * sum(seen)/' small.grad >folder/data.grad
cp seen.csv folder
(cd elsewhere && expect 0 "$GRADUS" train ../folder/data.grad -o ../with_data --search 'random for 200 candidates' && exit "$failures") || failures=1
# What a learner is given has the shapes that it goes through: nothing is read beyond.
for given in 'X, w, unseen|`i` of the learner is [3]|[20]' 'X, X, unseen|`i` of the learner is [20, 3]|[20]' \
	'w, X @ w, unseen|`v1` of the learner is [3]|[examples, features]' '3, X @ w, unseen|`v1` of the learner is one number|[examples' \
	'X, X @ w, short|`s1` of the learner is [20, 2]|rows of 3 features' 'short, X @ w, unseen|`s1` of the learner is [20, 3]|rows of 2 features'; do
	sed -e "s/^  param .*/  given short : [n, 2] ~ normal(0, 1)\\n  param predicted = online(${given%%|*})/" \
		-e 's/^objective .*/objective shapes(n = 20, m = 20, d = 3) {/; s/on  *[a-z_]*(.*/on shapes()/' small.grad >shapes.grad
	rest=${given#*|}
	expect 1 "$GRADUS" train shapes.grad -o none
	has err E0346
	has err "${rest%%|*}"
	has err "${rest#*|}"
done
sed 's/given unseen : \[m, d\]/given unseen : [mm, d]/' small.grad >once.grad
expect 1 "$GRADUS" train once.grad -o none
[ "$(grep -c 'unknown name `mm`' err)" -eq 1 ] || fail "one mistake is told $(grep -c 'unknown name' err) times"
[ -e none ] && fail "a folder is left of what failed"
# Rules have neither goal nor new beginnings.
cat >rule.grad <<'END'
optimizer open(lr = 0.1) {
  x <- x - lr * discover(g, f, size = 2)
}
experiment e {
  train   open()
  on      quadratic()
  horizon 5
  search  evolve() for 10 candidates until 0.1
}
END
expect 1 "$GRADUS" check rule.grad
has out E0335
expect 2 "$GRADUS" train "$SOURCE_DIR/examples/discover_robust.grad" -o none --search 'random for 9 candidates until 1'
sed -i 's/evolve() for 10 candidates until 0.1/evolve(restart = 5) for 10 candidates/' rule.grad
expect 1 "$GRADUS" check rule.grad
has out E0335

finish
