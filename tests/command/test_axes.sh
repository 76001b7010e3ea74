# Rules that look at the axes of x, from the text to C: the strict code, the evaluator and the emitted program are of one mind, on
# tensors of several ranks, layers among them; C refuses other tensors; what is combined and evaluated elsewhere is so over all of them.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >net.grad <<'E2'
objective net(layers = 3) {
  given A : [6, 4] ~ normal(0, 1)
  param W[l in layers] : [4, 4] ~ normal(0, 0.5)
  param b : [4] = 0.1
  param V : [4, 2] ~ normal(0, 0.5)
  param K : [2, 3, 2] ~ normal(0, 1)
  param s : real = 0.3
  var h = A
  for l in 0..layers {
    h[i, j] <- tanh(sum[k](h[i, k] * W[l, k, j]) + b[j])
  }
  let z = h @ V
  minimize mean[i, j]((z[i, j] - s)^2) + sum(K^2) / 10
}
# Layer by layer: a sum of all layers' norms would be another rule.
optimizer normed(lr = 0.1) {
  x <- x - lr * g / (norm(g) + 1e-8)
}
optimizer sharp(base = muon, radius = 0.05) {
  let n = sqrt(all_sum(sum(g^2))) + 1e-12
  let most = all_max(rank(x) + 0.0)
  let h = gradient(x + radius * g / n)
  if value(x + radius * g / n) >= 0 { x <- x * 0.999 }
  if size(x) > 2 { apply base(g = h) } else { apply momentum(lr = 0.01 * most, g = h) }
}
optimizer plain_sharp(lr = 0.1, radius = 0.05) {
  let n = sqrt(all_sum(sum(g^2))) + 1e-12
  let h = gradient(x + radius * g / n)
  x <- x - lr * h * all_mean(rms(h))
}
# The same, made for one shape after the other.
optimizer shaped_sharp(lr = 0.1, radius = 0.05) {
  if rank(x) >= 0 {
    apply plain_sharp(lr = lr, radius = radius)
  }
}
E2

# The numbers of both ways to run, bit for bit.
for rule in muon shampoo soap adafactor adafac_mlp_lopt velo sharp; do
	expect 0 "$GRADUS" minimize net.grad net --with $rule --steps 6 --strict --json
	json_list x <out >strict
	expect 0 "$GRADUS" minimize net.grad net --with $rule --steps 6 --interpret --json
	json_list x <out >interpreted
	[ "$(grep -c . strict)" -gt 60 ] || fail "$rule: no numbers"
	cmp -s strict interpreted || fail "$rule: strict code and the evaluator differ"
done

# A step of plain gradient descent by layers: every layer moves by lr, whatever the others are.
expect 0 "$GRADUS" eval net.grad net --json
json_list x <out >before
expect 0 "$GRADUS" minimize net.grad net --with 'normed(lr = 0.5)' --steps 1 --json
json_list x <out >after
for layer in 0 1 2; do
	paste before after | sed -n "$((16 * layer + 1)),$((16 * layer + 16))p" |
		awk '{ s += ($1 - $2)^2 } END { exit !(s > 0.2499 && s < 0.2501) }' || fail "layer $layer did not move by 0.5"
done

# Made by shapes or for all coordinates at once: the same run, and the same number of evaluations.
expect 0 "$GRADUS" minimize net.grad net --with plain_sharp --steps 8 --json
grep -o '"evaluations": [0-9]*' out >evaluations
json_list f <out >plain
expect 0 "$GRADUS" minimize net.grad net --with shaped_sharp --steps 8 --json
grep -o '"evaluations": [0-9]*' out | cmp -s - evaluations || fail "shaped_sharp evaluates more or less often"
json_list f <out | paste - plain | awk 'NF == 2 { n++; if (($1 - $2)^2 > 1e-24) bad = 1 } END { exit bad || n != 9 }' ||
	fail "shaped_sharp and plain_sharp differ"

# C: its self-test has the numbers of the evaluator.
for rule in muon adafac_mlp_lopt sharp; do
	expect 0 "$GRADUS" emit c net.grad $rule --on net -o "c_$rule" --real f64
	expect 0 make -C "c_$rule" test
	has out PASS
	has "c_$rule/$rule.h" '3 tensors of [4, 4]'
	has "c_$rule/manifest.json" '"tensors"'
done
cat >other.c <<'E2'
#include "c_muon/muon.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
	static const muon_shape right[] = {{2, {4, 4}}, {2, {4, 4}}, {2, {4, 4}}, {1, {4}}, {2, {4, 2}}, {3, {2, 3, 2}}, {0, {0}}};
	static double numbers[7][16];
	muon_shape wrong[7];
	double *params[7];
	size_t bytes = muon_state_size(right, 7);
	void *state = malloc(bytes);
	int i;
	for (i = 0; i < 7; i++)
		params[i] = numbers[i];
	printf("%d %d\n", muon_init(state, bytes, right, 7, params, NULL) == muon_ok,
	       muon_init(state, bytes, right, 6, params, NULL) == muon_other_sizes);
	/* As many numbers in other shapes: transposed, flat, with one axis more, in another order; and shapes that there are not. */
	for (i = 0; i < 7; i++) {
		memcpy(wrong, right, sizeof wrong);
		switch (i) {
		case 0: wrong[4].dims[0] = 2, wrong[4].dims[1] = 4; break;
		case 1: wrong[1].rank = 1, wrong[1].dims[0] = 16; break;
		case 2: wrong[6].rank = 1, wrong[6].dims[0] = 1; break;
		case 3: wrong[5].dims[0] = 3, wrong[5].dims[1] = 2; break;
		case 4: wrong[3].dims[wrong[3].rank++] = 1; break;
		case 5: wrong[4] = right[5], wrong[5] = right[4]; break;
		default: wrong[0].rank = 9; break;
		}
		printf("%d", muon_init(state, bytes, wrong, 7, params, NULL) == (i < 6 ? muon_other_sizes : muon_bad_argument));
	}
	printf("\n");
	free(state);
	return 0;
}
E2
expect 0 $CC other.c c_muon/muon.c -lm -o other
expect 0 ./other
has out '1 1'
has out '1111111'

# States whose axes, more than one of them perhaps, go over the coordinates of x, assigned by elements: refused in words or run, and then with
# the same numbers in both ways.
cat >small.grad <<'E2'
objective small() {
  param W : [2, 3] = 1.5
  param b : [3] = 0.5
  minimize sum((W - 1)^2) + sum(b^4)
}
E2
ran=0
for kind in optimizer 'joint optimizer'; do
	for state in 'P[a in size(x), c in size(x)]' 'P : [size(x), size(x)]' 'P : [size(x), 2]' 'P : [2, size(x)]' 'P : [size(x), 2, size(x)]'; do
		for change in 'P[i, j] <- 0.5' 'P[i, j] <- P[i, j] / 2' 'P[i, j] <- P[j, i] + 1' 'P[i] <- 0.5' 'P[0] <- 0.5' 'P[i, :] <- 0.5' \
			'P[0..1] <- 0.5' 'P[i, j, k] <- 0.5' 'P[i, j] <- g[i] * g[j]' 'P[0, 0] <- 0.5' 'P <- P / 2'; do
			{
				cat small.grad
				printf '%s r(lr = 0.1) {\n  state %s = 1\n  %s\n  x <- x - lr * g * mean(P)\n}\n' "$kind" "$state" "$change"
			} >states.grad
			"$GRADUS" minimize states.grad small --with r --steps 3 --strict --json >out 2>err
			code=$?
			[ $code -eq 0 ] || [ $code -eq 1 ] || fail "$kind, $state, $change: exit $code"
			[ $code -eq 0 ] || { grep -q 'error\[' err || fail "$kind, $state, $change: refused without a word"; continue; }
			ran=$((ran + 1))
			json_list x <out >strict
			expect 0 "$GRADUS" minimize states.grad small --with r --steps 3 --interpret --json
			json_list x <out >interpreted
			cmp -s strict interpreted || fail "$kind, $state, $change: strict code and the evaluator differ"
		done
	done
done
[ $ran -ge 30 ] || fail "only $ran of these rules run"

# What a joint rule sees is a vector: a matrix of it goes back into what is like x as in any other rule, made in steps, C and training.
cat >vector.grad <<'GRAD'
objective vector() {
  param w : [5] = 1
  minimize sum[i]((i + 1) * w[i]^2)
}
optimizer alone(lr = 0.02) {
  let G = tanh(matrix(g))
  x <- x - lr * ((G @ transpose(G)) @ G + matrix(g))
}
joint optimizer together(lr = 0.02) {
  let G = tanh(matrix(g))
  x <- x - lr * ((G @ transpose(G)) @ G + matrix(g))
}
joint optimizer assigned(lr = 0.02) {
  let G = tanh(matrix(g))
  x <- matrix(x) - lr * ((G @ transpose(G)) @ G + matrix(g))
}
experiment train_it {
  train    together()
  on       vector()
  problems 2 train, 2 test
  horizon  4
  update   adam(lr = 0.01) for 3 steps
  learn    together.lr
}
GRAD
expect 0 "$GRADUS" check vector.grad
for rule in alone together assigned; do
	expect 0 "$GRADUS" minimize vector.grad vector --with $rule --steps 5 --json
	json_list f <out >$rule.f
	cmp -s alone.f $rule.f || fail "$rule goes another way than the same rule by tensors"
done
[ -s alone.f ] || fail "no f"
expect 0 "$GRADUS" train vector.grad -o trained
expect 0 "$GRADUS" emit c together --file vector.grad --on vector -o together-c
expect 0 make -s -C together-c test CC="$CC"

finish
