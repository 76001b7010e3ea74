#!/bin/sh
# What a command is told to write costs nobody a program, a run or an input: a slip of the command line is refused before anything
# runs. What is written into a run folder, which may have come from anywhere, stays in it. And closed streams are no files.
. "$SOURCE_DIR/tests/command/lib.sh"
. "$SOURCE_DIR/tests/command/small_run.sh"
printf '1,2\n3,4\n' >table.csv
printf '[[]]' >other.json
cat >reads.grad <<'GRAD'
import "small.grad"
data t = "table.csv"
objective reads() {
  param w : [2] = 1
  minimize sum[i, j]((t[i, j] - w[j])^2)
}
GRAD
cp small.grad small.svg
cat >program.svg <<'GRAD'
objective o() {
  param w : real = 1
  minimize w^2
}
GRAD
cp program.svg program.txt
ln -s run/run.json link.svg
ln -s run way
sums() {
	find . -type f ! -name out ! -name err ! -name before ! -name after -exec cksum {} + | sort
}

# ---- nothing of what is there is lost ----

sums >before
# refused COMMAND...: exit code 2, at once, and nothing is touched
refused() {
	expect 2 "$GRADUS" "$@"
	[ -s out ] && fail "something was done: $*"
	sums >after
	cmp -s before after || { fail "a file was changed: $*"; diff before after; cp after before; }
}
minimize="minimize rosenbrock --with adam --steps 3"
compare="compare adam --on quadratic --steps 2 --train 2 --test 2"
for way in "minimize program.txt --with adam --steps 3 --svg" "$compare --svg" "$compare -o" "plot c.json --svg" "plot c.json -o"; do
	# shellcheck disable=SC2086
	for path in small.grad ./small.grad new.grad run/rule.grad run/run.json run/result.json run/metrics.jsonl run/timing.jsonl \
		run/weights.safetensors run/weights-a.safetensors run/sources/small.grad run/sources/x.svg way/run.json link.svg ''; do
		refused $way "$path"
	done
done
refused minimize program.svg --with adam --steps 3 --svg program.svg
refused minimize o -f program.svg --with adam --steps 3 --svg ./program.svg
refused $compare -f program.txt -o program.txt
refused compare run --on quadratic -o program.txt -f program.txt
refused plot c.json -o c.json
refused $compare -o table.csv.svg --svg table.csv.svg
refused $compare -o x.svg --svg ./x.svg
refused $compare -o run/../x.svg --svg x.svg
refused $compare --dump-dir x --svg x
refused train small.grad -o x --dump-dir x
refused plot c.json -o p.svg --svg q.svg
refused plot c.json -o picture.png
refused $minimize --svg picture
expect 2 "$GRADUS" minimize reads.grad reads --with adam --steps 3 --svg small.svg -f small.svg
# What may be written still is: other files of a run folder, other comparisons, what is no program.
expect 0 "$GRADUS" $compare -o run/comparison-mine.json
expect 0 "$GRADUS" plot run --svg run/picture.svg
expect 0 "$GRADUS" $compare -o other.json
expect 0 "$GRADUS" $compare -o /dev/stdout --svg /dev/stdout
# Imports and data are known when the program was read.
mv small.grad small.svg
sed -i 's/small.grad/small.svg/' reads.grad
sums >before
for path in small.svg table.csv; do
	"$GRADUS" compare adam --on reads -f reads.grad --steps 2 -o $path >out 2>err </dev/null && fail "$path was written"
	sums >after
	cmp -s before after || fail "$path is lost"
done

# What cannot be written is known before a comparison runs.
mkdir folder.json
for path in folder.json none/x.json table.csv/x.json; do
	expect 4 "$GRADUS" compare adam --on quadratic -o $path
	has err "cannot write $path: "
	[ -s out ] && fail "it was compared all the same"
done
expect 4 "$GRADUS" eval rosenbrock --dump-dir table.csv
[ "$(wc -l <err)" -eq 1 ] || fail "a file as --dump-dir is refused $(wc -l <err) times"
expect 4 "$GRADUS" eval rosenbrock --data nowhere
has err nowhere

# ---- what is written into a run folder stays in it ----

mkdir away
for kind in comparison.json comparison-quadratic.json; do
	command=$([ $kind = comparison.json ] && echo "compare received" || echo "compare received --on quadratic --steps 2 --train 2 --test 2")
	for way in 'ln -s ../victim' 'ln -s ../away/new' 'ln -s ../away' 'ln -s /dev/null' mkfifo mkdir; do
		rm -rf received
		cp -r run received
		rm -f received/comparison*
		echo mine >victim
		(cd received && $way $kind)
		# shellcheck disable=SC2086
		timeout 60 "$GRADUS" $command >out 2>err </dev/null
		code=$?
		[ $code -eq 5 ] || fail "exit code $code: $kind is there by $way"
		has err E0812
		[ -s out ] && fail "it was compared all the same: $kind by $way"
		[ "$(cat victim)" = mine ] || fail "$kind by $way: a file outside was written"
		[ -z "$(ls away)" ] || fail "$kind by $way: a file outside was made"
	done
done
# Another name for a file of the user's own: the name is given up, the file stays.
rm -rf received && cp -r run received
rm -f received/comparison.json
ln victim received/comparison.json
expect 0 "$GRADUS" compare received
[ "$(cat victim)" = mine ] || fail "a file with a second name in the folder was written"

# Comparisons that run at once: each has a name, and none is lost.
rm -f run/comparison-*
pids=
for seed in 1 2 3 4 5 6; do
	"$GRADUS" compare run --on quadratic --steps 2 --train 2 --test 2 --seed $seed --json >out.$seed 2>err.$seed </dev/null &
	pids="$pids $!"
done
for pid in $pids; do wait "$pid" || fail "a comparison beside others"; done
[ "$(ls run/comparison-* | wc -l)" -eq 6 ] || fail "six comparisons at once left $(ls run/comparison-*)"
[ "$(cat err.? | grep -c wrote)" -eq 6 ] && [ "$(cat err.? | grep wrote | sort -u | wc -l)" -eq 6 ] || fail "names: $(cat err.?)"
cat run/comparison-* | grep '"score"' | sort >kept
cat out.? | grep '"score"' | sort >said
cmp -s kept said || fail "what six comparisons said is not what they left"

# ---- closed streams ----

for closed in '2>&-' '1>&-' '0<&-' '0<&- 1>&- 2>&-'; do
	rm -rf q
	eval "\"\$GRADUS\" train small.svg small -o q >out 2>err </dev/null $closed"
	grep -rqE 'compiled in|training tiny|next:' q && fail "messages in files of a run, with $closed"
	for file in run.json result.json rule.grad metrics.jsonl; do
		[ -s q/$file ] || fail "no $file with $closed"
	done
done
"$GRADUS" version >&- 2>err && fail "a closed standard output took something"
"$GRADUS" check - <&- >out 2>err && fail "a closed standard input was read"

if [ -c /dev/full ]; then
	for command in version help "help train" "show std adam" "show std" "eval rosenbrock" "minimize rosenbrock --with adam --steps 2" \
		"info adam" "emit c adam -o full" "plot c.json" "compare adam --on quadratic --steps 2 --train 2 --test 2"; do
		# shellcheck disable=SC2086
		"$GRADUS" $command >/dev/full 2>err </dev/null
		code=$?
		[ $code -eq 4 ] || fail "exit code $code instead of 4 on a full output: $command"
		has err "No space left on device"
		rm -rf full
	done
fi

# ---- what means nothing is refused ----

for option in --with --on --file --out --svg --prefix --data --dump-dir --at --against --learn --set --memory --precision --color; do
	for verb in eval minimize train compare emit plot; do
		expect 2 "$GRADUS" $verb $option ''
		has err "--"
	done
done
for list in ',' 'adam,,momentum' ',adam' 'adam,'; do
	expect 2 "$GRADUS" compare adam --on quadratic --against "$list"
done
for point in '1,,2' ',1,2' '1,2,' '1;2' '1 , , 2'; do
	expect 2 "$GRADUS" eval rosenbrock --at "$point"
done
for point in '1,2' '1 2' ' 1 , 2 ' '1 ,2'; do
	expect 0 "$GRADUS" eval rosenbrock --at "$point"
done
expect 2 "$GRADUS" version extra
expect 2 "$GRADUS" help train more
expect 2 "$GRADUS" check ''
cat >twice.grad <<'GRAD'
experiment twice {
  train   adam()
  on      quadratic()
  learn   adam.lr, adam.lr
  horizon 3
  update  adam() for 1 steps
}
GRAD
expect 1 "$GRADUS" check twice.grad
has out "learned twice"
sed -i 's/, adam.lr//' twice.grad
expect 2 "$GRADUS" train twice.grad -o twice --learn adam.lr
expect 2 "$GRADUS" train twice.grad -o twice --learn adam.beta1,adam.beta1

# Names that drive a terminal are said without what drives it.
odd=$(printf 'a\033[31mb')
expect 0 "$GRADUS" emit c adam -o "$odd"
LC_ALL=C grep -q "$(printf '\033')" out err && fail "emit prints a raw name"
expect 0 "$GRADUS" $compare -o "$odd.json"
LC_ALL=C grep -q "$(printf '\033')" out err && fail "compare prints a raw name"
expect 0 "$GRADUS" train small.svg small -o "$odd-run"
LC_ALL=C grep -q "$(printf '\033')" out err && fail "train prints a raw name"
finish
