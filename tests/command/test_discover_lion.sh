# Where signs win (examples/discover_lion.grad): what is found over m and g, with an open decay, is the sign of a positive mix of both; it is ahead of tuned Nesterov, and not far behind tuned Adam. With GRADUS_LION=1 as the example says (some 5 minutes), where the bar is
# 10 % ahead and 5 % behind; else with a smaller network, fewer problems and shorter runs, where only what is found and who is ahead is asked.
. "$SOURCE_DIR/tests/command/lib.sh"

sed 's/^ *#.*//' "$SOURCE_DIR/examples/discover_lion.grad" >lion.grad
whole=${GRADUS_LION:-0}
if [ "$whole" = 0 ]; then
	sed -i 's/n = 256, size = 8, d = 12, hidden = 12, classes = 6/n = 96, size = 8, d = 6, hidden = 6, classes = 4/
		s/24 train, 24 select, 100 test/8 train, 16 select, 60 test/
		s/horizon  200/horizon  100/
		s/evolve() for 1500/evolve() for 250/
		/against/,/lion)/d
		s/^}$/&/' lion.grad
	sed -i 's/^  search .*/&\n  against  linear_decay(base = nesterov), linear_decay(base = adam)/' lion.grad
fi
expect 0 "$GRADUS" check lion.grad
expect 0 "$GRADUS" train lion.grad -o found
cp out summary
expect 0 "$GRADUS" compare found
python3 - "$whole" <<'EOF_PYTHON' || fail "the bar: $(cat summary out)"
import json, math, sys

whole = sys.argv[1] != "0"
front = json.load(open("found/result.json"))["search"]["front"]
words = {"sign": lambda a: (a > 0) - (a < 0), "sqrt": math.sqrt, "abs": abs, "rms": abs,
         "finite_ratio": lambda a, b: a / (b + (1e-8 if b >= 0 else -1e-8))}

def is_sign_of_mix(formula):
    """`... | sign(E)` with E = a m + b g, a and b not negative, so that all of it has one sign where m and g have."""
    step = formula.split(" | ")[1].strip()
    at = lambda m, g: eval(step, dict(words, m=m, g=g))
    points = [(0.3, 0.7), (2.0, 0.1), (0.01, 5.0), (1.0, 1.0)]
    odd = all(at(m, g) == 1 and at(-m, -g) == -1 for m, g in points)
    # Between m and -g there is one place where it turns, and it turns once.
    signs = [at(math.cos(k * math.pi / 200), -math.sin(k * math.pi / 200)) for k in range(1, 100)]
    turns = [a for a in signs if a != 0]
    once = all(a >= b for a, b in zip(turns, turns[1:]))
    return odd and once and set(turns) <= {1, -1}

winner = next(f for f in front if f["winner"])
mixes = [f for f in front if is_sign_of_mix(f["expression"])]
assert mixes, "no sign of a mix in the front: " + "; ".join(f["expression"] for f in front)
best = min(mixes, key=lambda f: f["score"])
print("winner:", winner["expression"], "; the best sign of a mix:", best["expression"])
if best is not winner:  # of the short form: it cannot be told from the winner by these few problems
    assert not whole, "the winner is another one"
    assert best["low"] <= winner["score"] and best["score"] <= winner["high"], "it is not tied with the winner"
rules = {r["label"]: r for r in json.load(open("found/comparison.json"))["rules"]}
own = rules["sign_open"]["score"]["mean"]
behind = rules["linear_decay(base = nesterov)"]["behind_subject"]
adam = rules["linear_decay(base = adam)"]["score"]["mean"]
print(f"{own:.4f}; Nesterov is behind by {behind['mean']:.4f} [{behind['low']:.4f}, {behind['high']:.4f}], Adam has {adam:.4f}")
assert behind["low"] > 0, "it is not ahead of Nesterov"
assert not whole or behind["mean"] >= 0.1 * (own + behind["mean"]), "it is less than 10 % ahead of Nesterov"
assert not whole or own <= 1.05 * adam, "it is more than 5 % behind Adam"
EOF_PYTHON
finish
