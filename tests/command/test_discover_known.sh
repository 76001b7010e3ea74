# The known rules beside what is found: fitted alike, and what is said of them is what they score by themselves. Where nothing is drawn all
# problems are one, so `compare` runs on the problem that they were scored on.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >known.grad <<'EOF_GRAD'
optimizer open(lr = 1.0) {
  state m = 0
  m <- 0.5 * m + 0.5 * g
  x <- x - lr * discover(m, g, size = 2)
}
experiment known {
  train    open()
  on       rosenbrock()
  problems 1 train, 1 select, 1 test
  horizon  20
  score    mean(f)
  against  momentum, linear_decay(base = adam), linear_policy, newton, adam(beta1 = 0.5)
}
EOF_GRAD
expect 0 "$GRADUS" train known.grad -o one --threads 1
cp out table
expect 0 "$GRADUS" train known.grad -o two --threads 2
for number in 1 2 5; do
	python3 - $number >call <<'EOF_PYTHON' || fail "rule $number"
import json, sys
one, two = (json.load(open(f"{n}/result.json"))["search"]["baselines"] for n in ("one", "two"))
assert one == two, "two threads fit other numbers"
known = one[int(sys.argv[1]) - 1]
numbers = dict(known["constants"])
wrapped = "(base = " in known["rule"]
if known["rate"] is not None:
    numbers["base.lr" if wrapped else "lr"] = known["rate"]
base = ", ".join(f"{k[5:]} = {v!r}" for k, v in numbers.items() if k.startswith("base."))
own = ", ".join(f"{k} = {v!r}" for k, v in numbers.items() if not k.startswith("base."))
call = known["rule"]
if wrapped:
    call = f"linear_decay(base = adam({base}), {own})"
else:
    call = f"{call}({own})" if "(" not in call else f"{call[:-1]}, {own})"
print(known["score"])
print(call)
EOF_PYTHON
	expect 0 "$GRADUS" compare "$(tail -n 1 call)" --on rosenbrock --steps 20 --json
	head -n 1 call >wanted
	python3 -c 'import json, sys; f = json.load(sys.stdin)["rules"][0]["mean_curve"][1:]; print(sum(f) / len(f))' <out >found
	near 2e-4 wanted found
done
has one/rule.grad '; momentum, fitted alike: '
for rule in linear_policy newton; do
	grep -Eq "^  - +- +- +- +- +$rule" table || fail "$rule learns, or evaluates more than once in a step, and is fitted: $(cat table)"
done
finish
