#!/bin/sh
# Data from files, end to end: what a program reads is what the file says, by closed forms and by awk; what cannot be read is told.
. "$SOURCE_DIR/tests/command/lib.sh"

# value_and_gradient OPTION...: both of `eval`, one number per line, into `got`
value_and_gradient() {
	expect 0 "$GRADUS" eval "$@" --json
	{ json_value value <out; json_list gradient <out; } >got
}

# ---- logistic regression on a table, against awk ----

# logistic COLUMNS: value and gradient at w = 0.1, b = 0 of lines "label,x1,...", labels 0 or 1
logistic() {
	awk -F, -v d="$1" '
		{
			z = 0
			for (j = 1; j <= d; j++) z += 0.1 * $(j + 1)
			p = 1 / (1 + exp(-z))
			f += log(1 + exp(z)) - $1 * z
			for (j = 1; j <= d; j++) g[j] += (p - $1) * $(j + 1)
			gb += p - $1
		}
		END {
			printf "%.17g\n", f / NR
			for (j = 1; j <= d; j++) printf "%.17g\n", g[j] / NR
			printf "%.17g\n", gb / NR
		}'
}

cat >logistic.grad <<'GRAD'
objective logistic(d = 3, file = "points.csv") {
  data y : int[n] from file columns "class"
  data X : [n, d] from file columns "a", 2..d + 1
  param w : [d] = 0.1
  param b : real = 0
  let z[i] = sum[j](X[i, j] * w[j]) + b
  minimize mean[i](softplus(z[i]) - y[i] * z[i])
  report points = n
}
GRAD
awk 'BEGIN {
	print "class,a,b,c"
	for (i = 0; i < 100; i++)
		printf "%d,%.6g,%.6g,%.6g\n", i % 3 == 0, sin(i), cos(3 * i) * 4, i % 7 - 3
}' >points.csv
sed 1d points.csv >plain.csv
logistic 3 <plain.csv >want
value_and_gradient logistic.grad
near 1e-14 got want
has out '"points": 100'
value_and_gradient logistic.grad --interpret
near 1e-14 got want
value_and_gradient logistic.grad --precision f32
near 1e-5 got want

# the same numbers in every format and dress
for dress in 's/,/;/g' 's/,/\t/g' 's/$/\r/' 's/\([^,]*\),/"\1",/' 's/,/ , /g'; do
	sed "$dress" points.csv >dressed.csv
	value_and_gradient logistic.grad --set 'file="dressed.csv"'
	near 1e-14 got want
done
gzip -c points.csv >packed.csv.gz
value_and_gradient logistic.grad --set 'file="packed.csv.gz"'
near 1e-14 got want
sed 's/"class"/0/; s/"a", 2..d + 1/1..d + 1/' logistic.grad >numbers.grad
value_and_gradient numbers.grad --set 'file="plain.csv"'
near 1e-14 got want
value_and_gradient numbers.grad --set 'file="points.csv"'
near 1e-14 got want
awk -F, '{ printf "%s", $1; for (j = 2; j <= NF; j++) if ($j != 0) printf " %d:%s", j - 1, $j; print "" }' plain.csv >points.svm
sed 's/ columns.*//' logistic.grad >sparse.grad
value_and_gradient sparse.grad --set 'file="points.svm"'
near 1e-14 got want

# paths are those of the file that says them; --data comes first
mkdir elsewhere programs
mv points.csv programs/
mv logistic.grad programs/
value_and_gradient programs/logistic.grad
near 1e-14 got want
awk -F, -v OFS=, 'NR > 1 { $1 = 1 - $1 } { print }' programs/points.csv >elsewhere/points.csv
sed 1d elsewhere/points.csv | logistic 3 >other
value_and_gradient programs/logistic.grad --data elsewhere
near 1e-14 got other
rm elsewhere/points.csv
value_and_gradient programs/logistic.grad --data elsewhere
near 1e-14 got want
echo 'import "programs/logistic.grad"' >import.grad
value_and_gradient import.grad logistic
near 1e-14 got want

# words are numbered in the order of the alphabet
printf 'kind,v\npear,1\napple,2\npear,3\nfig,4\n' >words.csv
cat >words.grad <<'GRAD'
objective words() {
  data kind : int[n] from "words.csv" columns "kind"
  data v : [n] from "words.csv" columns "v"
  param w : [3] = 1
  minimize sum[i](v[i] * w[kind[i]]^2)
}
GRAD
value_and_gradient words.grad
printf '10\n4\n8\n8\n' >want
near 0 got want
expect 0 "$GRADUS" show data words.csv kind
has out '0 apple, 1 fig, 2 pear'

# bytes of a text
printf 'abca' >letters.txt
cat >letters.grad <<'GRAD'
objective letters() {
  data text : int[n] from "letters.txt" bytes
  param w : [128] = 1
  minimize sum[i in n - 1](w[text[i]] * w[text[i + 1]])
  report length = n
}
GRAD
expect 0 "$GRADUS" eval letters.grad --json
has out '"value": 3'
has out '"length": 4'

# ---- one array for all problems and lanes, each with picks of its own ----

cat >picks.grad <<'GRAD'
objective picks() {
  data X : int[n, 3] from "images.csv"
  given pick : int[8] ~ integer(0, n)
  param w : [3] = 1
  let z[i] = sum[j](X[pick[i], j] / 255 * w[j])
  minimize mean[i]((z[i] - 1)^2)
}
optimizer descent() {
  learn rate = 0.1 in (0, 1)
  x <- x - rate * g
}
experiment fill {
  train descent()
  on picks()
  problems 20 train, 4 select, 4 test
  horizon 5
  update adam(lr = 0.01) for 3 steps
}
GRAD
awk 'BEGIN { for (i = 0; i < 50; i++) print i * 5, 255 - i, i * i % 256 }' >images.csv
expect 0 "$GRADUS" show data images.csv
has out '[50, 3] u8'
for instance in 0 1 7 19; do
	value_and_gradient picks.grad --instance $instance
	head -n 1 got
done >alone
expect 0 "$GRADUS" minimize picks.grad --with "gradient_descent(lr = 0.1)" --problems 20 --steps 1 --precision f64 --json
tr -d ' \n' <out | grep -o '"f":\[[^]]*\]' | sed 's/"f":\[\([^,]*\),.*/\1/' | sed -n '1p;2p;8p;20p' >lanes
near 1e-13 lanes alone
sort -u alone | wc -l >count
[ "$(cat count)" -eq 4 ] || fail "problems do not differ"
expect 0 "$GRADUS" show ir picks.grad
has out 'X: int as u8[50, 3]'
expect 0 "$GRADUS" info picks.grad
expect 0 "$GRADUS" train picks.grad -o run
has run/run.json '"data"'
has run/run.json 'images.csv'
has run/run.json "\"bytes\": $(wc -c <images.csv)"
[ ! -e run/sources/images.csv ] || fail "data was copied into the run"
expect 0 "$GRADUS" compare gradient_descent --file picks.grad --on picks --against adam --steps 5 --train 4 --test 4
# nothing outside of a run is read on its behalf: where its data lies, the user says
expect 1 "$GRADUS" compare run --test 4
has err 'run/sources/images.csv: No such file or directory'
has err '--data DIR'
expect 0 "$GRADUS" compare run --test 4 --data .
for precision in f32 f64; do
	expect 0 "$GRADUS" minimize picks.grad --with adam --problems 20 --steps 5 --precision $precision --strict --json
	json_list f <out >strict
	expect 0 "$GRADUS" minimize picks.grad --with adam --problems 20 --steps 5 --precision $precision --interpret --json
	json_list f <out >evaluated
	cmp -s strict evaluated || fail "machine code and evaluator differ in $precision"
done

# a pick outside of the data
sed 's/integer(0, n)/integer(0, 9 * n)/' picks.grad >outside.grad
expect 1 "$GRADUS" eval outside.grad
has err E0802

# ---- validate: the same at other data ----

awk 'BEGIN { for (i = 0; i < 40; i++) printf "%d,%.4f,%.4f\n", i % 2, sin(5 * i), cos(i) + i % 2 }' >train.csv
awk 'BEGIN { for (i = 0; i < 25; i++) printf "%d,%.4f,%.4f\n", i % 3 == 0, cos(7 * i), sin(i) }' >held.csv
cat >held.grad <<'GRAD'
objective held(file = "train.csv") {
  data y : int[n] from file columns 0
  data X : [n, 2] from file columns 1..3
  data held_y : int[m] from "held.csv" columns 0
  data held_X : [m, 2] from "held.csv" columns 1..3
  param w : [2] = [0.5, -0.25]
  let z[i] = sum[j](X[i, j] * w[j])
  let centre = mean[i](X[i, 0])
  let loss = mean[i](softplus(z[i]) - y[i] * z[i]) + centre * w[0] + n * 0.001
  minimize loss
  validate loss with X = held_X, y = held_y
}
GRAD
expect 0 "$GRADUS" eval held.grad --json
json_value validate <out >got
expect 0 "$GRADUS" eval held.grad --set 'file="held.csv"' --json
json_value value <out >want
near 1e-15 got want
lacks out '"value": 0,'
# runs are judged by it: after 7 steps on the one, the value at the other
expect 0 "$GRADUS" minimize held.grad --with "gradient_descent(lr = 0.3)" --steps 7 --json --precision f64
json_list f <out | tail -n 1 >got
json_list x <out >x
expect 0 "$GRADUS" eval held.grad --set 'file="held.csv"' --at "$(paste -sd, x)" --json
json_value value <out >want
near 1e-13 got want
sed 's/^  validate.*//' held.grad >unheld.grad
expect 0 "$GRADUS" minimize unheld.grad --with "gradient_descent(lr = 0.3)" --steps 7 --json --precision f64
json_list x <out >other
near 0 other x
# and so it is told, by whatever they are scored; what `train` says comes next works as it stands
mkdir -p away/deep
for score in "mean(f)|mean of validate over" "min(log(f))|least log validate of" "final(f / f0)|validate / validate0 after"; do
	for program in held unheld; do
		{
			cat $program.grad
			printf 'optimizer mine() { learn rate = 0.01\n x <- x - rate * g }\n'
			printf 'experiment e {\n train mine()\n on %s()\n problems 1 train, 1 select, 1 test\n' held
			printf ' horizon 4\n score %s\n update adam(lr = 0.01) for 2 steps\n against momentum\n}\n' "${score%|*}"
		} >e.grad
		rm -rf run7
		expect 0 "$GRADUS" train e.grad -o run7
		sed -n 's/^next: //p' err >next
		expect 0 sh next
		words=${score#*|}
		[ $program = held ] || words=$(echo "$words" | sed 's/validate/f/g')
		has out "$words"
		[ $program = held ] && has out "least validate of the others minus its own"
		expect 0 "$GRADUS" plot run7 --svg run7.svg
		if [ $program = held ]; then
			has run7.svg "${score%|*} of validate"
			has run7.svg "mean validate"
			has run7/comparison.json '"judged_by": "validate"'
		else
			lacks run7.svg validate
			has run7/comparison.json '"judged_by": "f"'
		fi
	done
done
cp *.csv away
cp *.csv away/deep
cp e.grad away/e.grad
for place in "e.grad --data away" "e.grad --data ./away/" "away/e.grad" "away/e.grad --data away/deep" "$PWD/away/e.grad"; do
	rm -rf run7
	expect 0 "$GRADUS" train $place -o run7
	sed -n 's/^next: //p' err >next
	expect 0 sh next
done

# what cannot be replaced
replaces() {
	sed "s/validate.*/$1/" held.grad >replaced.grad
	expect 1 "$GRADUS" check replaced.grad
	has out E0280
	has out "$2"
}
replaces 'validate loss with X = held_X' 'axis 0 of `X` has to be 40, but `held_X` has 25 there'
replaces 'validate loss with X = held_y, y = held_y' '`held_y` is declared otherwise than `X`'
replaces 'validate loss with z = held_y' 'puts data in the place of data'
replaces 'validate loss with X = 3' 'puts data in the place of data'
sed 's/param w/given q : [n] ~ normal(0, 1)\n  param w/; s/let centre = /let centre = q[0] + /' held.grad >replaced.grad
expect 1 "$GRADUS" check replaced.grad
has out 'made once for each problem'

# the guide's program, on houses made here
awk '/^```grad$/ { on++; next } /^```/ { inside = on; on += on > 0 ? .5 : 0; next } on == 1' "$SOURCE_DIR/docs/data.md" >price.grad
awk 'BEGIN {
	print "area,rooms,district,price"
	for (i = 0; i < 200; i++)
		printf "%d,%d,%c-ville,%d\n", 500 + i * 37 % 900, 2 + i % 6, 65 + i % 25, 1000 * (100 + i * 37 % 900 / 4 + i % 25)
}' >houses.csv
expect 0 "$GRADUS" check price.grad
lacks out 'warning'
expect 0 "$GRADUS" minimize price.grad --with "adam(lr = 0.05)" --steps 300 --json
json_list f <out | awk 'NR == 1 { first = $1 } { last = $1 } END { exit !(last < first / 20) }' ||
	fail "the guide's program does not get anywhere"

# ---- what cannot be read ----

cat >wrong.grad <<'GRAD'
objective wrong(file = "words.csv") {
  data v : [n, 2] from file
  param w : [2] = 1
  minimize sum[i, j](v[i, j] * w[j])
}
GRAD
# refuses FILE MESSAGE: eval and check say it, with the place in the program
refuses() {
	for verb in eval check; do
		sed "s|words.csv|$1|" wrong.grad >refused.grad
		expect 1 "$GRADUS" $verb refused.grad
		cat out err >said
		has said "E0276"
		has said "$2"
		has said "refused.grad:1:24"
	done
}
refuses words.csv 'column `kind` holds words, not numbers'
refuses letters.txt 'its shape is [0, 1], but [_, 2] is declared'
refuses images.csv 'its shape is [50, 3], but [_, 2] is declared'
printf '1,2\n3\n' >ragged.csv
refuses ragged.csv 'line 2: 1 field, but 2 on the line before'
printf '1,2\n3,?\n' >holes.csv
refuses holes.csv 'line 2, column 1 (counted from 0): a value is missing (`?`)'
# Texts that are not UTF-8: as names of columns, and as words, wherever they stand.
for bad in 'na\377me,v\n1,2\n' 'n,v\n"a\303",2\n' 'n,v\na,1\nb\200,2\n' '\300\257,1\nb,2\n' 'a,\355\240\200\n1,2\n'; do
	printf "$bad" >latin.csv
	refuses latin.csv 'is not UTF-8; save the file as UTF-8'
done
printf 'na\303\251me,v\n\344\270\255,2\n' >utf.csv
expect 0 "$GRADUS" show data utf.csv
printf '\037\213\010' >cut.gz
refuses cut.gz 'byte 3: what gzip packed is cut off'
cp words.csv words.npy
refuses words.npy 'byte 0: it does not begin as NPY does'
sed "s|words.csv|nowhere.csv|" wrong.grad >absent.grad
expect 1 "$GRADUS" eval absent.grad
has err 'nowhere.csv: No such file or directory'
expect 0 "$GRADUS" check absent.grad
has out 'W0278'
has out 'as if `n` = 10'
for path in . /dev/zero; do
	sed "s|words.csv|$path|" wrong.grad >refused.grad
	expect 1 "$GRADUS" eval refused.grad
	has err E0276
done
expect 4 "$GRADUS" show data .
has err 'it is a folder'
expect 4 "$GRADUS" show data /dev/null
has err 'it is not a regular file'
expect 4 "$GRADUS" show data words.csv nothing
has err 'no column is called `nothing`; there are `kind`, `v`'
expect 4 "$GRADUS" show data words.csv 1..3
has err 'columns 1..3: the file has columns 0..2'
if [ "$(id -u)" -ne 0 ]; then
	chmod 0 ragged.csv
	expect 4 "$GRADUS" show data ragged.csv
	has err 'Permission denied'
fi

# a file that becomes shorter while it is mapped ends the command, which says so; it is no fault of Gradus
cat >shrinks.grad <<'GRAD'
objective shrinks() {
  data X : [n] from "shrinks.idx"
  param w : real = 1
  minimize mean[i]((w - X[i] / 255)^2)
}
experiment on_it {
  train   adam(lr = 0.1)
  on      shrinks()
  horizon 100
  learn   adam.lr
}
GRAD
# shrinks LENGTH COMMAND...: cut to LENGTH bytes as soon as it is mapped
shrinks() {
	length=$1
	shift
	{ printf '\000\000\010\001\000\377\377\377'; head -c 16777215 /dev/zero; } >shrinks.idx
	"$@" >out 2>err &
	running=$!
	for _ in $(seq 600); do
		grep -q shrinks.idx "/proc/$running/maps" 2>/dev/null && break
		kill -0 $running 2>/dev/null || break
		sleep 0.1
	done
	head -c "$length" /dev/zero >cut
	cat cut >shrinks.idx # the same file, and not another one of that name
	for _ in $(seq 600); do
		kill -0 $running 2>/dev/null || break
		sleep 0.1
	done
	kill -9 $running 2>/dev/null && fail "runs on: $*"
	wait $running
	code=$?
	[ $code -eq 4 ] || { fail "exit code $code instead of 4: $*"; head -n 20 out err; }
	has err 'a file of data became shorter while it was in use'
	lacks err 'bug'
	rm -f shrinks.idx
}
if ldd "$GRADUS" | grep -q asan || nm "$GRADUS" 2>/dev/null | grep -q __asan_init; then
	echo "SKIPPED: a file that shrinks while it is mapped: the sanitizer takes the signal"
elif [ -r /proc/self/maps ]; then
	shrinks 0 "$GRADUS" minimize shrinks.grad --with adam --steps 1000000
	shrinks 1000000 "$GRADUS" minimize shrinks.grad --with adam --steps 1000000 --interpret
	shrinks 4096 "$GRADUS" train shrinks.grad --out shrunk
fi

# what is small packed and large unpacked: by its own shape, and by the limit of memory
{ printf '\000\000\010\001\000\000\000\004'; head -c 30000000 /dev/zero; } | gzip >bomb.gz
expect 4 "$GRADUS" show data bomb.gz
has err 'there are 5 or more (something stands behind the array)'
{ printf '1\n'; head -c 30000000 /dev/zero | tr '\000' '\n'; } | gzip >lines.gz
expect 4 "$GRADUS" show data lines.gz --memory 1MB
has err 'gzip packs more than 1 MB, which is the limit'
printf '1 1:1\n1 4000000000:1\n' >wide.svm
expect 4 "$GRADUS" show data wide.svm --memory 100MB
has err 'the limit is 100 MB'

# a file with missing values is looked at; a program that reads it stops
printf 'age,town,income\n1,Bonn,3\nNA,Ulm,\n4,,5\n2,Ulm,\n' >missing.csv
expect 0 "$GRADUS" show data missing.csv
has out 'columns: 0 age, 1 town, 2 income'
tr -s ' \n' ' ' <out >flat
has flat 'missing: column `age` 1 (the first on line 3), column `town` 1 (the first on line 4), column `income` 2 (the first on line 3)'
expect 0 "$GRADUS" show data missing.csv town,age
has out '[4, 2]'
expect 0 "$GRADUS" show data missing.csv town
has out '0 Bonn, 1 Ulm'
expect 0 "$GRADUS" show data missing.csv 0,2
has out '[4, 2]'
refuses missing.csv 'line 3, column `age`: a value is missing (`NA`); missing in all: 1 in column `age`'

# ---- words of data that takes the place of other data: numbered as there ----

printf 'town,v\nAachen,1\nBonn,2\nBonn,2\nCelle,3\n' >towns.csv
# held: a file; of whose words those numbers are that stand behind it (Aachen 0, Bonn 1, Celle 2)
held() {
	expect 0 "$GRADUS" eval $3 --set "file=\"$1\"" --json
	tr -d '\n' <out | sed 's/.*"reports": {\([^}]*\)}.*/\1/' | tr ',' '\n' | sed 's/.*: *//' | paste -sd' ' - >got
	[ "$(cat got)" = "$2" ] || fail "words of $1 are numbered $(cat got) instead of $2"
}
cat >one.grad <<'EOG'
objective one(file = "held.csv") {
  data town : int[n] from "towns.csv" columns "town"
  data held_town : int[m] from file columns "town"
  param b : [3] = 0
  minimize mean[i]((b[town[i]] - i)^2)
  validate mean[i]((b[town[i]] - i)^2) with town = held_town
  report first = held_town[0]
  report second = held_town[1]
}
objective alone(file = "held.csv") {
  data held_town : int[m] from file columns "town"
  param b : real = 0
  minimize b^2
  report first = held_town[0]
  report second = held_town[1]
}
EOG
sed 's/objective one/objective two/; /^objective alone/,$d
	s/town : int\[n\].*/town : int[n, 2] from "towns.csv" columns "v", "town"/; s/held_town : int\[m\].*/held_town : int[m, 2] from file columns "v", "town"/
	s/town\[\([i01]\)\]/town[\1, 1]/g' one.grad >two.grad
printf 'town,v\nCelle,3\nBonn,2\n' >both.csv
printf 'town,v\nBonn,3\nBonn,2\n' >same.csv
printf 'town,v\nCelle,3\nAachen,2\nBonn,1\n' >all.csv
for program in "one.grad one" two.grad; do
	held both.csv "2 1" "$program"
	held same.csv "1 1" "$program"
	held all.csv "2 0" "$program"
done
expect 0 "$GRADUS" eval one.grad alone --set 'file="both.csv"' --json
has out '"first": 1, "second": 0'
printf 'town,v\nCelle,3\nUlm,2\nAalen,1\n' >strange.csv
printf 'town,v\n3,3\n2,2\n' >numbers.csv
for program in "one.grad one" two.grad; do
	expect 1 "$GRADUS" eval $program --set 'file="strange.csv"'
	has err 'its words `Aalen`, `Ulm` are not among the words of `town`'
	expect 1 "$GRADUS" eval $program --set 'file="numbers.csv"'
	has err 'it holds numbers where `town`, whose place it takes, holds words'
done
sed 's/with town = held_town/with town = held_town, again = held_town/; s/^  param/  data again : int[n] from "all4.csv" columns "town"\n  param/' one.grad >again.grad
printf 'town,v\nCelle,3\nAachen,2\nBonn,1\nUlm,3\n' >all4.csv
expect 1 "$GRADUS" eval again.grad one --set 'file="both.csv"'
has err "words are numbered for one place"

# ---- real data, where it is ----

shared=${GRADUS_DATA:-$SOURCE_DIR/../shared/data}
if [ ! -d "$shared" ]; then
	echo "skipped: no real data in $shared (GRADUS_DATA says where it is)"
	finish
fi

# ADBench's mixture model: F and entries of the gradient, as its authors and four other tools have them
cp "$SOURCE_DIR/tests/parse/adbench_gmm.grad" gmm.grad
# gmm FOLDER F PROPER DALPHA0 DMU00 COMPONENTS; what is minimized is -PROPER
gmm() {
	folder=$1
	expect 0 "$GRADUS" eval gmm.grad --data "$shared/adbench/$folder" --json
	{ json_value adbench <out; json_value value <out; } >got
	printf '%s\n%s\n' "$2" "$(echo "$3" | sed 's/^-//; t; s/^/-/')" >want
	near 1e-10 got want
	json_list gradient <out >gradient
	{ sed -n 1p gradient; sed -n "$((1 + $6))p" gradient; } >got
	printf '%s\n%s\n' "$(echo "$4" | sed 's/^-//; t; s/^/-/')" "$(echo "$5" | sed 's/^-//; t; s/^/-/')" >want
	near 1e-10 got want
}
gmm gmm_test 8.07380408004972 -20.0673605466583 .108662855508652 1.11692576532787 3
gmm gmm_d2_K5 -5240.59056254958 -5396.09983842614 167.215275110001 -392.856489917496 5
gmm gmm_d20_K25 -90798.6227007267 -117256.864961861 43.3308019590805 -63.5391641629449 25

# a LIBSVM set against awk
sed 's/ columns.*//; s/int\[n\]/int[n]/' programs/logistic.grad >heart.grad
awk '{ for (j = 1; j <= 13; j++) x[j] = 0; for (k = 2; k <= NF; k++) { split($k, p, ":"); x[p[1]] = p[2] }
	printf "%d", $1; for (j = 1; j <= 13; j++) printf ",%s", x[j]; print "" }' "$shared/libsvm/heart_scale" >heart.csv
logistic 13 <heart.csv >want
value_and_gradient heart.grad --set d=13 --set 'file="heart_scale"' --data "$shared/libsvm"
near 1e-13 got want

# images: with all weights 0 the loss is log 10, and the gradient of a class's bias .1 - its share
cat >images.grad <<'GRAD'
objective images() {
  data image : int[n, 784] from "t10k-images-idx3-ubyte.gz"
  data label : int[n] from "t10k-labels-idx1-ubyte.gz"
  param b : [10] = 0
  param W : [784, 10] = 0
  let z[i, c] = sum[k](image[i, k] / 255 * W[k, c]) + b[c]
  minimize mean[i](logsumexp[c](z[i, c]) - z[i, label[i]])
  report mean_byte = mean[i, k](image[i, k])
}
GRAD
expect 0 "$GRADUS" eval images.grad --data "$shared/vision/fashion-mnist" --json
{ json_value value <out; json_list gradient <out | head -n 10; json_value mean_byte <out; } >got
{ echo 2.302585092994046; yes 0 | head -n 10; } >want
gzip -dc "$shared/vision/fashion-mnist/t10k-images-idx3-ubyte.gz" | tail -c +17 | od -An -v -tu1 -w784 |
	awk '{ for (k = 1; k <= NF; k++) s += $k } END { printf "%.17g\n", s / (NR * 784) }' >>want
near 1e-12 got want
expect 0 "$GRADUS" show ir images.grad --data "$shared/vision/fashion-mnist"
has out 'image: int as u8[10000, 784]'
finish
