#!/bin/sh
# A trained rule is a file that works alone: with the functions, constants and rules that it uses, and with the arguments
# that the experiment gave, by name or by place.
. "$SOURCE_DIR/tests/command/lib.sh"
cat >program.grad <<'GRAD'
const N = 4
fn half(a) = a / 2
fn squash(a, k = 1) = tanh(k * half(a))
fn unused(a) = a
optimizer inner(lr = 0.1) { x <- x - lr * g }
optimizer net(hidden = 16, scale = 0.1, base = adam) {
  learn W : [hidden, 2] ~ normal(0, 0.5)
  learn v : [hidden] ~ normal(0, 0.1)
  each {
    x <- x - scale * dot(v, squash(W @ [g, 1], k = 2))
  }
  apply base(lr = 0.01)
}
experiment alone {
  train   net((N + 2), scale = 0.2 / 2, base = inner)
  on      logistic(n = 20)
  horizon 5
  problems 8 train, 0 select, 8 test
  update  adam(3e-2) for 3 steps
}
experiment opened {
  train   net(6, 0.1, inner)
  on      logistic(n = 20)
  horizon 5
  problems 8 train, 4 select, 8 test
  update  adam(lr = 3e-2) for 3 steps
  learn   net.scale
}
GRAD
for experiment in alone opened; do
	expect 0 "$GRADUS" train program.grad $experiment -o $experiment
	mkdir away-$experiment
	cp $experiment/rule.grad $experiment/weights.safetensors away-$experiment
	expect 0 "$GRADUS" check away-$experiment/rule.grad
	for word in "fn half" "fn squash" "optimizer inner" "optimizer net"; do
		has away-$experiment/rule.grad "$word"
	done
	lacks away-$experiment/rule.grad unused
	expect 0 "$GRADUS" minimize "logistic(n = 20)" --with $experiment --steps 4 --json
	json_list f <out >by-folder
	expect 0 "$GRADUS" minimize "logistic(n = 20)" --file away-$experiment/rule.grad --with net --steps 4 --json
	json_list f <out >by-file
	near 1e-12 by-folder by-file
done
has alone/rule.grad "const N"
has alone/rule.grad "hidden = (N + 2)"
has alone/rule.grad "scale = 0.2 / 2"
has alone/rule.grad "after 3 outer steps"
has opened/rule.grad "hidden = 6"
has opened/rule.grad "the best of 3 outer steps"
# Folders that lead to a run are made; a run that never started leaves none behind.
expect 0 "$GRADUS" train program.grad alone -o some/where/run --steps 1
[ -s some/where/run/rule.grad ] || fail "no folder in a folder"
cat >closed.grad <<'GRAD'
experiment closed {
  train   adam()
  on      logistic()
  horizon 5
}
GRAD
expect 1 "$GRADUS" train closed.grad -o closed
has err "E0805"
[ ! -e closed ] || fail "a run without a rule leaves a folder"
expect 0 "$GRADUS" info program.grad alone
has out "adam(lr = 3e-2)"
finish
