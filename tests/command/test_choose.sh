# Choices: which there are, made from outside, a search among them, what it leaves, its winner by another way; what cannot be.
. "$(dirname "$0")/lib.sh"

cat >parts.grad <<'EOF'
optimizer parts(lr = 0.1, decay = 0.9) {
  state m = 0 # the mean
  state v = 0
  m <- decay * m + (1 - decay) * choose { g, g / rms(g) }
  v <- decay * v + (1 - decay) * g^2
  let u = choose {
    g,                      # plain
    m, sign(m), m / (sqrt(v) + 1e-8)
  }
  x <- x - lr * choose { 1, 1 - (t - 1) / horizon } * u
}
experiment small {
  train    parts()
  on       robust_regression(n = 20)
  problems 8 train, 6 select, 10 test
  horizon  20
  keep     20
  against  adam
}
EOF

# ---- which there are ----
expect 0 "$GRADUS" check parts.grad
expect 0 "$GRADUS" show space parts.grad
has out 'parts: 3 choices, 16 combinations, 14 of them not the same rule'
for line in '1 *parts *1: g   2: g / rms(g)' 'u *parts *1: g   2: m   3: sign(m)   4: m / (sqrt(v) + 1e-8)' \
	'3 *parts *1: 1   2: 1 - (t - 1) / horizon'; do
	grep -q "^  $line\$" out || fail "the choice '$line' is not listed"
done
has out 'the search runs all 14'

expect 0 "$GRADUS" info parts.grad
has out 'parts, among its choices'

# ---- made from outside; a choice that nobody made is its first alternative, and that is said ----
run='minimize robust_regression(n=20) --file parts.grad --steps 5 --json'
expect 0 "$GRADUS" $run --with 'parts(lr=0.2)'
has err 'has holes'
has err 'u = g (1 of 4)'
has err 'choice 1 = g (1 of 2)'
cp out unmade
expect 0 "$GRADUS" $run --with 'parts(lr=0.2)' --choose u=1,1=1 --choose parts.3=1
lacks err holes
json_list f <out >made
json_list f <unmade >first
cmp -s made first || fail "the first alternatives are not what nobody chose"
expect 0 "$GRADUS" show ast parts.grad --choose u=4,1=2,3=2
lacks out choose
expect 0 "$GRADUS" info parts.grad parts --choose u=1
lacks out ' m'
expect 0 "$GRADUS" info parts.grad parts --choose u=4
has out 'state'
expect 0 "$GRADUS" compare parts --file parts.grad --on 'robust_regression(n=20)' --steps 5 --train 2 --test 2 --choose u=2
has err 'choice 1 = g (1 of 2)'
expect 0 "$GRADUS" emit c parts --file parts.grad -o unmade-c
has err 'u = g (1 of 4)'

expect 2 "$GRADUS" show ir parts.grad parts --choose w=1
has err 'there is no such choice; there are parts.1 (1: g, 2: g / rms(g)), parts.u (1: g, 2: m'
expect 2 "$GRADUS" show ir parts.grad parts --choose other.u=1
has err 'there is no such choice'
for number in 0 5; do
	expect 2 "$GRADUS" show ir parts.grad parts --choose u=$number
	has err 'alternatives are numbered from 1 to 4: parts.u (1: g, 2: m, 3: sign(m), 4: m / (sqrt(v) + 1e-8))'
done
for word in u u= =1 u=x u=1.5 .u=1 parts.=1; do
	expect 2 "$GRADUS" show ir parts.grad parts --choose "$word"
	has err '--choose takes NAME=NUMBER'
done
expect 2 "$GRADUS" show ir parts.grad parts --choose u=1,u=2
has err 'says twice'
expect 2 "$GRADUS" show ir "$SOURCE_DIR/examples/robust.grad" policy --choose u=1
has err 'no rule of these files has one'

# ---- a search ----
expect 0 "$GRADUS" train parts.grad -o found --strict
has out '16 combinations of 3 choices, 14 of them that are not the same; came into the stages: 14 14 14 14'
has out 'found/rule.grad'
lacks found/rule.grad choose
expect 0 "$GRADUS" check found/rule.grad
lacks out warning
expect 0 "$GRADUS" compare found
has out 'parts'
expect 0 "$GRADUS" emit c found -o found-c
(cd found-c && make -s test CC="$CC" CFLAGS="-std=c99 -Wall -Wextra -Werror" >log 2>&1) || fail "the C of what was found does not pass its test"
expect 0 "$GRADUS" train parts.grad -o one --strict --threads 1
expect 0 "$GRADUS" train parts.grad -o three --strict --threads 3
cmp -s one/rule.grad three/rule.grad || fail "another rule on three threads"
cmp -s one/rule.grad found/rule.grad || fail "another rule the second time"

# ---- every combination once more, by --choose and `minimize` on the select problems: the same scores in the same order ----
tr '\n' ' ' <found/result.json | sed 's/.*"best": *\[//; s/\].*//; s/}/}\n/g' |
	sed -n 's/.*"choices": *"\([^"]*\)", *"rate": *\([^,]*\), *"score": *\([^,]*\),.*/\3 \2 \1/p' >table
[ "$(wc -l <table)" -eq 14 ] || fail "$(wc -l <table) finalists instead of 14"
before=0
while read -r score rate choices; do
	expect 0 "$GRADUS" minimize 'robust_regression(n=20)' --file parts.grad --with "parts(lr=$rate)" --steps 20 --instance 1000000 \
		--problems 6 --precision f32 --strict --json --choose "$(echo "$choices" | tr ' ' ',')"
	sed 's/"f": \[/\n&/g' out | sed -n 's/^"f": \[\([^]]*\)\].*/\1/p' | tr -d ' ' |
		awk -F, -v score="$score" -v before="$before" '
			{ for (i = 2; i <= NF; i++) sum += $i / (NF - 1) }
			END {
				mean = sum / NR
				off = mean > score ? mean - score : score - mean
				if (NR != 6 || off > 1e-5 * score || score < before) { print "    " mean " instead of " score; exit 1 }
			}' || fail "the score of $choices at $rate"
	before=$score
done <table

# ---- learned numbers beside choices; rules behind apply; wrappers; imported files; in each; joint; batches ----
cat >inner.grad <<'EOF'
optimizer inner(lr = 0.1, decay = 0.5) {
  state m = 0
  each {
    m <- decay * m + choose { g, g * abs(g) }
    x <- x - lr * m
  }
}
EOF
cat >more.grad <<'EOF'
import "inner.grad"
optimizer beside(lr = 0.1) {
  learn decay = 0.7 in (0, 1)
  learn gain = 1.5 in (0, inf)
  learn shift = 0.0
  state m = 0
  let d = choose { decay, 0.5 }
  m <- d * m + g
  x <- x - lr * (choose { m, gain * g, tanh(g) } + shift)
}
optimizer wrapped(lr = 0.1, base = inner(decay = 0.7)) {
  let clipped = choose { g, clip(g, -1, 1) }
  apply base(lr = lr, g = clipped)
  apply choose { inner(lr = 0.1 * lr), gradient_descent(lr = 0.1 * lr) }
}
joint optimizer one(lr = 0.1) {
  apply choose { adam(lr = lr), momentum(lr = lr), gradient_descent(lr = lr) }
}
optimizer only_learned() {
  learn rate = 0.1 in (0, inf)
  x <- x - rate * choose { g, sign(g) }
}
objective judged(n = 4) {
  given A : [12, 2] ~ normal(0, 1)
  batch pick : int[n] ~ integer(0, 12)
  param w : real ~ normal(0, 1)
  minimize mean[i]((A[pick[i], 0] * w - A[pick[i], 1])^2)
}
experiment learned {
  train beside()
  on robust_regression(n = 20), quadratic(n = 2)
  problems 4 train, 4 select, 4 test
  horizon 10
  keep 2
}
experiment wraps {
  train wrapped()
  on small_net(n = 8)
  problems 4 train, 4 test
  horizon 6
  score final(log(f))
}
experiment joins {
  train one()
  on judged()
  problems 3 train, 3 select, 3 test
  horizon 7
  score min(f / f0)
}
experiment without_rate {
  train only_learned()
  on quadratic(n = 1)
  problems 4 train, 4 select, 4 test
  horizon 300
}
EOF
for experiment in learned wraps joins without_rate; do
	expect 0 "$GRADUS" train more.grad "$experiment" -o "run_$experiment" --strict
	lacks err W0821
	lacks "run_$experiment/rule.grad" choose
	expect 0 "$GRADUS" check "run_$experiment/rule.grad"
	expect 0 "$GRADUS" compare "run_$experiment"
	expect 0 "$GRADUS" emit c "run_$experiment" -o "c_$experiment"
	(cd "c_$experiment" && make -s test CC="$CC" CFLAGS="-std=c99 -Wall -Wextra -Werror" >log 2>&1) || fail "C of $experiment"
done
expect 0 "$GRADUS" train more.grad learned -o run_interpreted --interpret
cmp -s run_learned/rule.grad run_interpreted/rule.grad || fail "the evaluator finds another rule"
expect 0 "$GRADUS" train more.grad wraps -o run_doubles --precision f64
expect 0 "$GRADUS" show space more.grad wrapped
has out 'inner'

# ---- choices made, the rest trained as ever; and what cannot be ----
expect 0 "$GRADUS" train more.grad learned -o trained --steps 3 --choose 2=1,d=2
lacks trained/rule.grad choose
lacks trained/rule.grad decay
cat >both.grad <<'EOF'
optimizer both(lr = 0.1) {
  let a = choose { g, sign(g) }
  x <- x - lr * discover(a, f, size = 3)
}
optimizer many(lr = 0.1) {
  learn W : [12] = 1
  x <- x - lr * (g + sum(W)) * choose { 1, 2, -1 }
}
experiment searches {
  train both()
  on quadratic(n = 2)
  problems 3 train, 3 select, 3 test
  horizon 6
}
experiment learns {
  train many()
  on quadratic(n = 2)
  problems 4 train, 4 select, 4 test
  horizon 6
}
EOF
expect 1 "$GRADUS" train both.grad searches -o no_run
has err 'E0391'
has err '--choose'
expect 0 "$GRADUS" train both.grad searches -o run_both --choose a=2
has run_both/rule.grad 'let a = sign(g)'
expect 0 "$GRADUS" train both.grad learns -o run_learns --steps 32
has out '3 combinations that are not the same, trained for a sixteenth of the steps; 1 of them'
lacks run_learns/rule.grad choose
expect 0 "$GRADUS" compare run_learns
expect 0 "$GRADUS" train both.grad learns -o run_many --steps 2 --choose 1=2
# Where one in which nothing is learned is the best, it is the result, with and without select problems; and the same when all is there already.
cat >fixed.grad <<'EOF'
optimizer many(lr = 0.1) {
  learn W : [12] = 1
  x <- x - lr * choose { 200 * g * sum(W), 50 * sign(g) * sum(W), g, g * 0.5 }
}
experiment selected {
  train many()
  on robust_regression(n = 20), quadratic(n = 2)
  problems 4 train, 3 select, 4 test
  horizon 6
}
experiment unselected {
  train many()
  on robust_regression(n = 20), quadratic(n = 2)
  problems 4 train, 4 test
  horizon 6
}
EOF
for kind in selected unselected; do
	expect 0 "$GRADUS" train fixed.grad $kind -o run_$kind --steps 3
	has out 'nothing is learned in 2, which were scored as they are written'
	lacks run_$kind/rule.grad 'learn W'
	set=$([ $kind = selected ] && echo '--instance 1000000 --problems 3' || echo '--problems 4')
	for family in 'robust_regression(n = 20)' 'quadratic(n = 2)'; do
		# shellcheck disable=SC2086 # words
		expect 0 "$GRADUS" minimize "$family" --with run_$kind --steps 6 $set --precision f32 --json
		sed 's/"f": \[/\n&/g' out | sed -n 's/^"f": \[\([^]]*\)\].*/\1/p' | tr -d ' ' |
			awk -F, '{ for (i = 2; i <= NF; i++) sum += $i / (NF - 1) } END { printf "%.9g\n", sum / NR }'
	done | awk '{ sum += $1 / 2 } END { printf "%.9g\n", sum }' >by_minimize
	expect 0 "$GRADUS" front run_$kind --csv
	awk -F, '$(NF - 2) == 1 { print $2 }' out >by_front
	near 1e-5 by_front by_minimize
	expect 0 "$GRADUS" compare run_$kind
	cp run_$kind/rule.grad before
	rm run_$kind/result.json
	expect 0 "$GRADUS" resume run_$kind
	cmp -s before run_$kind/rule.grad || fail "another rule in the end ($kind)"
done
expect 2 "$GRADUS" train parts.grad -o no_run --steps 5
expect 2 "$GRADUS" train parts.grad -o no_run --learn parts.lr
[ ! -e no_run ] || fail 'a run folder is left of what failed'
for how in 'enumerate for 3 candidates' evolve 'random for 5000 candidates'; do
	expect 1 "$GRADUS" train parts.grad -o no_run --search "$how"
	has err 'error[E0'
done
expect 0 "$GRADUS" train parts.grad -o run_random --search 'random for 5 candidates' --threads 1
has out 'a sample of 5'
{
	echo 'optimizer vast(lr = 0.1) {'
	for i in $(seq 64); do echo "  let a$i = choose { g, x }"; done
	echo '  x <- x - lr * (a1'
	for i in $(seq 2 64); do echo "    + a$i"; done
	printf '  )\n}\nexperiment e {\n  train vast()\n  on quadratic(n = 1)\n  problems 2 train, 2 select, 2 test\n  horizon 3\n}\n'
} >vast.grad
expect 1 "$GRADUS" show space vast.grad
has err E0338
sed '/let a[2-6][0-9]/s/choose { g, x }/g/' vast.grad >large.grad
expect 0 "$GRADUS" show space large.grad
has out 'a sample of 4096'
finish
