# Rates of candidates: the best one is found wherever it lies. Of |x - goal|^2 it is .5 for g in front of everything, however large x is at the
# start: so much larger than the way it has to go, or so much smaller, that no rate of the first grid is near.
. "$SOURCE_DIR/tests/command/lib.sh"

# family NAME LAW START: the way is drawn from LAW, and x begins at START.
family() {
	cat <<TEXT
objective $1(n = 3) {
  given way : [n] ~ $2
  param y : [n] ~ $3
  let middle = $4
  let d[i] = (y[i] - middle) - way[i]
  minimize sum[i](d[i]^2)
}
experiment on_$1 {
  train open()
  on $1()
  problems 8 train, 8 select, 8 test
  horizon 20
  score mean(f)
}
experiment choose_$1 {
  train chosen()
  on $1()
  problems 8 train, 8 select, 8 test
  horizon 20
  score mean(f)
}
TEXT
}

{
	cat <<'TEXT'
optimizer open(lr = 1.0) {
  state m = 0
  m <- 0.9 * m + 0.1 * g
  x <- x - lr * discover(g, m, size = 2, ops = "+ -")
}
optimizer chosen(lr = 1.0) {
  state m = 0
  m <- 0.9 * m + 0.1 * g
  x <- x - lr * choose { m, g }
}
TEXT
	family tiny_start "normal(0, 1)" "normal(0, 1e-9)" 0
	family huge_start "normal(0, 1e-6)" "normal(1e6, 1e-9)" 1e6
	family usual "normal(0, 1)" "normal(0, 1)" 0
} >rates.grad

for name in tiny_start huge_start usual; do
	for way in on choose; do
		for threads in 1 2; do
			"$GRADUS" train rates.grad "${way}_$name" -o "$way.$name.$threads" --precision f64 --threads $threads \
				>out 2>err || fail "$way $name: $(cat err)"
		done
		python3 - "$way.$name" <<'PYTHON' || fail "$way $name"
import json, sys
one, two = (json.load(open(f"{sys.argv[1]}.{threads}/result.json")) for threads in (1, 2))
found = one["search"]["front" if "front" in one["search"] else "best"]
best = [f for f in found if f.get("winner", f is found[0])][0]
word = best.get("expression", best.get("choices"))
assert word in ("g", "1=2"), f"the winner is {word}"
assert abs(best["rate"] - 0.5) < 0.02, f"the rate is {best['rate']}, not .5"
for result in (one, two):
    for key in ("seconds", "compile_seconds"):
        result.pop(key, None)
assert one == two, "two threads find something else"
PYTHON
	done
done

# A limit that the rule states is kept, whatever lies beyond.
sed 's/lr = 1.0/lr = 0.01 in (1e-3, 0.1)/' rates.grad >limited.grad
for way in on choose; do
	"$GRADUS" train limited.grad "${way}_tiny_start" -o "$way.limited" --precision f64 >out 2>err || fail "$(cat err)"
	grep -q 'lr = 0.1 in (1e-3, 0.1)\|lr = 0.1\b' "$way.limited/rule.grad" ||
		fail "$way: the best rate within the limit is .1: $(cat "$way.limited/rule.grad")"
done
finish
