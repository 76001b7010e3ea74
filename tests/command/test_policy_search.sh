#!/bin/sh
# The experiments of Li and Malik (2017), as they are written in tests/parse: they check, and their policies train by policy search.
. "$SOURCE_DIR/tests/command/lib.sh"
cp "$SOURCE_DIR"/tests/parse/li_malik_*.grad .
expect 0 "$GRADUS" check li_malik_experiments.grad
for experiment in li_malik_logistic li_malik_robust li_malik_net; do
	for threads in 1 2; do
		expect 0 "$GRADUS" train li_malik_experiments.grad $experiment -o $experiment-$threads --steps 3 --threads $threads
		has out "not finite"
		has out " 0 of "
	done
	cmp $experiment-1/rule.grad $experiment-2/rule.grad || fail "$experiment depends on the number of threads"
	cmp $experiment-1/weights.safetensors $experiment-2/weights.safetensors || fail "weights of $experiment depend on the number of threads"
	expect 0 "$GRADUS" check $experiment-1/rule.grad
done

# What is judged by something else than f, batches, noise of rules, evaluations elsewhere, limits of parameters, states that are
# learned, a single coordinate, rules that read no gradient.
awk 'BEGIN { srand(1); for (i = 0; i < 40; i++) print rand() "," rand() "," rand() }' >points.csv
head -n 30 points.csv | sed 's/0\./0.1/' >held.csv
cat >odd.grad <<'GRAD'
objective batches() {
  data X : [n, 3] from "points.csv"
  data held : [m, 3] from "held.csv"
  param w : [3] ~ normal(0, 1)
  batch shift : [3] ~ normal(0, 0.1)
  let loss = mean[i]((sum[j](X[i, j] * (w[j] + shift[j])) - 1)^2) + 0.1
  minimize loss
  validate loss with X = held
}
objective limited() {
  given a : real ~ uniform(0.2, 0.8)
  param p : real = 0.5 in (0, 1)
  minimize (p - a)^2 + 0.01
}
optimizer noisy_rule() {
  learn rate = 0.1 in (1e-3, 1)
  let e ~ normal(0, 0.01)
  x <- x - rate * g + e
}
optimizer looks_ahead() {
  learn rate = 0.1 in (1e-3, 1)
  learn decay = 0.5 in (0, 1)
  learn first = 0.01
  state m = first
  m <- decay * m + gradient(x + decay * m)
  x <- x - rate * m
}
optimizer blind() {
  learn step = 0.01
  x <- x - step * x * f
}
GRAD
for rule in noisy_rule looks_ahead blind; do
	for objective in batches limited; do
		for more in "" "components = 2" "multipliers = 0.1"; do
			{
				cat odd.grad
				echo "experiment e {"
				echo "  train $rule"
				echo "  on $objective"
				echo "  problems 18 train, 2 select"
				echo "  horizon 4"
				echo "  score mean(log(f))"
				echo "  estimate policy_search(trajectories = 3, outer = 2, inner = 2${more:+, }$more)"
				echo "  update adam(lr = 0.01) for 9 steps"
				echo "}"
			} >e.grad
			rm -rf run
			expect 0 "$GRADUS" train e.grad -o run --precision f64
			has out " 0 of "
		done
	done
done
finish
