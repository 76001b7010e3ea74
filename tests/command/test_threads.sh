#!/bin/sh
# One, two and three threads give the same bits: training by every estimator, the trained rule, comparing, minimizing.
# Files are equal byte for byte but for times, the number of threads and the memory that they need.
. "$SOURCE_DIR/tests/command/lib.sh"
cat >small.grad <<'GRAD'
optimizer small(width = 3) {
  learn W : [width, 2] ~ normal(0, 0.5)
  learn v : [width] = 0.1
  learn decay = 0.5 in (0, 1)
  state m = 0
  m <- decay * m + (1 - decay) * g
  each {
    let h = tanh(W @ [m, g])
    x <- x - 0.3 * (m + sum[i](v[i] * h[i]))
  }
}
GRAD
experiment() { # experiment NAME PROBLEMS ESTIMATE
	cat >>small.grad <<GRAD
experiment $1 {
  train    small()
  on       logistic(n = 10), quadratic(n = 3)
  problems $2 train, 9 select, 35 test
  horizon  8
  score    mean(f)
  estimate $3
  update   adam(lr = 0.02) for 4 steps
  clip     1
}
GRAD
}
# more problems than fit in two blocks of lanes; fewer than fill one, where lanes are particles
experiment whole 37 'backprop()'
experiment windows 37 'backprop(window = 3)'
experiment tangents 18 'forward()'
experiment noise 37 'es(sigma = 0.05, particles = 3)'
experiment noise_in_lanes 3 'es(sigma = 0.05, particles = 37)'
experiment persistent 37 'pes(sigma = 0.05, window = 3, particles = 3)'
experiment persistent_in_lanes 3 'pes(sigma = 0.05, window = 3, particles = 37)'

timeless() { # timeless FILE: without times, threads and memory
	sed -E 's/"(seconds|eta|compile_seconds|training_seconds|threads|memory_bytes)": *[-+0-9.eE]+//g' "$1"
}

names="whole windows tangents noise noise_in_lanes persistent persistent_in_lanes"
for threads in 1 2 3; do
	for name in $names; do
		expect 0 "$GRADUS" train small.grad "$name" -o "$name-$threads" --threads $threads
		for file in metrics.jsonl rule.grad weights.safetensors result.json; do
			timeless "$name-$threads/$file" >"$name-$threads.$file"
			cmp -s "$name-1.$file" "$name-$threads.$file" || {
				fail "$name: $threads threads change $file"
				diff "$name-1.$file" "$name-$threads.$file" | cut -c1-300 | head -n 4
			}
		done
	done
	expect 0 "$GRADUS" compare whole-1 momentum adam --on "logistic(n = 10)" --steps 8 --train 20 --test 35 --json --threads $threads
	timeless out >compare-$threads
	cmp -s compare-1 compare-$threads || {
		fail "$threads threads change what compare prints"
		diff compare-1 compare-$threads | cut -c1-300 | head -n 4
	}
	for rule in adam whole-1; do
		expect 0 "$GRADUS" minimize "logistic(n = 10)" --with $rule --problems 35 --steps 12 --json --threads $threads
		timeless out >minimize-$rule-$threads
		cmp -s minimize-$rule-1 minimize-$rule-$threads || fail "$threads threads change minimize --with $rule"
	done
done
[ -s compare-1 ] && [ -s minimize-adam-1 ] && [ -s whole-1.metrics.jsonl ] || fail "nothing was compared"
# As many threads as processors that the command may use, unless it is told.
if command -v taskset >/dev/null && cpu=$(taskset -pc $$ | sed 's/.*: *\([0-9]*\).*/\1/') && taskset -c "$cpu" true 2>/dev/null; then
	expect 0 taskset -c "$cpu" "$GRADUS" train small.grad whole -o bound
	has bound/run.json '"threads": 1,'
	expect 0 taskset -c "$cpu" "$GRADUS" train small.grad whole -o told --threads 2
	has told/run.json '"threads": 2,'
else
	echo "SKIPPED: affinity (no taskset)"
fi
finish
