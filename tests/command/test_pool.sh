#!/bin/sh
# Comparisons are honest: their figures follow from their runs, as an independent script finds; rules around other rules are tuned with
# those; searches count every evaluation; longer runs show what becomes of a rule.
. "$SOURCE_DIR/tests/command/lib.sh"
recompute() { # recompute FILE
	python3 "$SOURCE_DIR/tests/command/recompute.py" "$1" >recomputed || { fail "$1"; head -20 recomputed; }
}

expect 0 "$GRADUS" compare adam momentum "robbins_monro(base = momentum)" bfgs_wolfe --on "robust_regression()" \
	--steps 12 --train 6 --test 9 --long --curves --json
cp out first.json
recompute first.json
expect 0 "$GRADUS" compare adam --against "gradient_descent,cosine(base = momentum),cg_wolfe" --on "logistic(n = 30)" --steps 10 --train 5 \
	--test 10 --curves --json
cp out second.json
recompute second.json
has second.json '"label": "cosine(base = momentum)"'
# A rule that diverges, on several scores: a run folder gives the score.
cat >wild.grad <<'GRAD'
optimizer fixed() {
  learn rate = 30
  x <- x - rate * g
}
GRAD
for score in "mean(log(f))" "final(f / f0)" "min(f)" "sum(f)"; do
	{
		cat wild.grad
		printf 'experiment e {\n  train fixed\n  on rosenbrock_random\n  horizon 7\n  problems 3 train, 0 select, 6 test\n'
		printf '  score %s\n  update gradient_descent(lr = 1e-9) for 1 steps\n  against adam, momentum\n}\n' "$score"
		printf 'objective rosenbrock_random() {\n  param x : [2] ~ normal(0, 1)\n  minimize 0.01 + (1 - x[0])^2 + 10 * (x[1] - x[0]^2)^2\n}\n'
	} >e.grad
	rm -rf run
	"$GRADUS" train e.grad -o run >out 2>err
	expect 0 "$GRADUS" compare run --curves --json --long
	cp out third.json
	recompute third.json
done
# The script would see a wrong figure.
sed 's/"median": [0-9]/"median": 7/' first.json >wrong.json
python3 "$SOURCE_DIR/tests/command/recompute.py" wrong.json >recomputed && fail "a wrong median is not seen"

# Rules around others are tuned with the hyperparameters of those, by the same grids.
expect 0 "$GRADUS" compare momentum "cosine(base = momentum)" "robbins_monro(base = momentum(beta = 0.9))" --on "logistic(n = 30)" \
	--steps 8 --train 4 --test 4 --json
tr -d '\n ' <out | sed 's/"label"/\n&/g' >labels
for name in lr beta; do
	grep '^"label":"cosine(base=momentum)"' labels | grep -q "\"name\":\"base.$name\"" || fail "base.$name of cosine is not tuned"
done
grep '^"label":"robbins_monro' labels >robbins
for name in '"name":"k"' '"name":"base.lr"'; do
	grep -q "$name" robbins || fail "$name of robbins_monro is not tuned"
done
grep -q '"name":"base.beta"' robbins && fail "what the call gives is tuned"
# A tuned base is what the base alone is with that rate.
expect 0 "$GRADUS" compare "robbins_monro(k = 0, base = momentum)" momentum --on "logistic(n = 30)" --steps 8 --train 4 --test 4 --json
tr -d '\n ' <out | sed 's/"label"/\n&/g' | sed -n 's/.*"per_problem":\[\([^]]*\)\].*/\1/p' | tr ',' '\n' >scores
head -n 4 scores >around
tail -n 4 scores >alone
[ "$(grep -c . scores)" -eq 8 ] || fail "there are no two times four scores"
near 1e-5 around alone
expect 0 "$GRADUS" compare adam "cosine(base = adam)" --on "logistic(n = 30)" --steps 8 --train 4 --test 4 --long
has out "Problems solved"
has out "Mean f at the end of runs of so many"
has out "200"
# Several families at once.
expect 0 "$GRADUS" compare adam --against momentum --on "logistic(n = 30),bowl(n = 3), quadratic" --steps 8 --train 4 --test 4
has out "All families"
[ "$(grep -c 'lower is better' out)" -eq 3 ] || fail "not three families"
cp out table
expect 0 "$GRADUS" compare adam --against momentum --on "logistic(n = 30),bowl(n = 3), quadratic" --steps 8 --train 4 --test 4 --json -o all.json
cmp out all.json || fail "-o and --json differ"
python3 -c 'import json; c = json.load(open("all.json"))["families"]; assert [f["objective"] for f in c] == ["logistic", "bowl", "quadratic"]' ||
	fail "the JSON of several families"
expect 2 "$GRADUS" compare adam --on "bowl,quadratic" --svg two.svg
expect 2 "$GRADUS" compare adam --on "bowl,"
sed 's/on rosenbrock_random/on rosenbrock_random, bowl(n = 2)/' e.grad >both.grad
rm -rf run
"$GRADUS" train both.grad -o run >out 2>err
expect 0 "$GRADUS" compare run
has out "All families"
[ -e run/comparison.json ] && [ -e run/comparison-bowl.json ] || fail "not both comparisons are kept"
expect 0 "$GRADUS" compare adam --against momentum --on "logistic(n = 30)" --steps 8 --train 4 --test 4
has out "adjusted by Holm"
finish
