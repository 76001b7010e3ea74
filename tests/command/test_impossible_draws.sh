#!/bin/sh
# Draws with arguments that only a run knows and that their distribution cannot have: the run ends as one that is not finite, and says
# which draw it is; machine code, strict or not, in either precision, and the evaluator.
. "$SOURCE_DIR/tests/command/lib.sh"

# Each distribution with an argument out of range: `low` is about -3, `none` is NaN, `wide` infinite.
cat >draws <<'END'
real normal(0, low)
real normal(none, 1)
real normal(wide, 1)
real uniform(0, low)
real uniform(low, wide)
real exponential(low)
real exponential(none)
real loguniform(low, 1)
real loguniform(1, none)
real gamma(low, 1)
real gamma(1, wide)
real beta(none, 1)
real beta(1, low)
real student_t(low)
int poisson(low)
int poisson(none)
int binomial(5, low)
int binomial(few, 0.5)
int integer(0, few)
int permutation(few)
int categorical([1, low])
int categorical([none, 1])
bool bernoulli(low)
bool bernoulli(none)
END
for name in $(sed -n 's/^DISTRIBUTION(\([a-z_]*\),.*/\1/p' "$SOURCE_DIR/frontend/distributions.def"); do
	grep -q " $name(" draws || fail "no impossible argument of $name is tried"
done

count=0
while read -r kind draw; do
	count=$((count + 1))
	cat >one.grad <<END
objective o() {
  given low ~ normal(-3, 0.1)
  let none = sqrt(low)
  let wide = 1 / (low - low)
  given few : int ~ integer(-5, -2)
  given e : ${kind%bool} ~ $draw
  param w = 1
  minimize (w - e)^2
}
END
	# A truth value has no NaN, a real number that is drawn as one has.
	[ "$kind" = bool ] && sed -i 's/given e :/given e : real/' one.grad
	for how in "" --strict --interpret "--precision f32"; do
		# shellcheck disable=SC2086
		expect 3 "$GRADUS" eval one.grad $how
		has err W0819
		has err 'one.grad:6:'
	done
	expect 3 "$GRADUS" minimize one.grad --with adam --steps 3
	has err W0819
	has err 'one.grad:6:'
done <draws
[ $count -ge 24 ] || fail "only $count draws"

# In batches, starts and rules; as an index, where the run stops.
cat >other.grad <<'END'
objective batched() {
  given low ~ normal(-3, 0.1)
  batch e : real ~ normal(0, low)
  param w = 1
  minimize (w - e)^2
}
objective starts() {
  given low ~ normal(-3, 0.1)
  param w ~ exponential(low)
  minimize w^2
}
objective picks() {
  given low ~ normal(-3, 0.1)
  given k : int[3] ~ poisson(low)
  param w : [3] = 1
  minimize sum[i](w[k[i]]^2)
}
objective fine() {
  param w : [3] = 1
  minimize sum(w^2)
}
optimizer shrinking(lr = 0.1) {
  let e ~ normal(0, 3 - t)
  x <- x - lr * g + 1e-3 * e
}
optimizer outer(lr = 0.1) {
  apply shrinking(lr = lr)
}
END
expect 3 "$GRADUS" eval other.grad batched
has err 'other.grad:3:20'
expect 3 "$GRADUS" eval other.grad starts
has err 'other.grad:9:13'
expect 1 "$GRADUS" eval other.grad picks
has err E0802
has err '`poisson` draws with an argument that it cannot have'
for rule in shrinking outer; do
	expect 3 "$GRADUS" minimize other.grad fine --with $rule --steps 5
	has err W0819
	has err 'other.grad:23:11'
	expect 0 "$GRADUS" minimize other.grad fine --with $rule --steps 3
	lacks err W0819
done

# An impossible draw that is not chosen says nothing, and NaN of other making is not blamed on one.
cat >chosen.grad <<'END'
objective not_chosen() {
  given low ~ normal(-3, 0.1)
  given e ~ normal(0, low)
  param w = 1
  minimize if low > 0 then e * w else w^2
}
objective possible() {
  given s ~ uniform(1, 2)
  given e ~ normal(0, s)
  param w = -1
  minimize log(w) + e
}
END
expect 0 "$GRADUS" eval chosen.grad not_chosen
lacks err W0819
expect 3 "$GRADUS" eval chosen.grad possible
lacks err W0819

finish
