# A formula in the place of a trained rule: one that is a formula already is found again, what is written can be used like any rule, and what cannot be
# distilled is refused.
. "$(dirname "$0")/lib.sh"

# What is trained is a formula with a learned number, so it is known what has to come out.
cat >known.grad <<'END'
joint optimizer teacher() {
  learn rate = 1.2 in (0, 10)
  state m = 0
  let s = g / rms(g)
  m <- 0.3 * m + 0.7 * s
  x <- x - rate * m * f * (1 - (t - 1) / horizon)
}
experiment known {
  train    teacher()
  on       robust_regression(n = 20)
  problems 8 train, 6 select, 10 test
  horizon  20
  update   adam(lr = 1e-3) for 2 steps
  against  adam, momentum
}
END
expect 0 "$GRADUS" train known.grad -o run
expect 0 "$GRADUS" distill run --size 5
cp out first
has run-distilled/front.svg 'adam, tuned'
has run-distilled/front.svg 'teacher, 1 number<'
has out 'the closest, `m * f * (1 - (t - 1) / horizon)`, explains 100 % of its steps'
has out '10 unseen problems of robust_regression'
has out 'distilled, the formula'
has out ', tuned'
grep -q 'the formula keeps .* % \[.*\] of the lead of teacher over tuned' out || fail 'no share of the lead'
grep -q '^ *teacher .* 1$' out || fail 'the numbers of the trained rule are not counted'
has run-distilled/rule.grad 'm * f'
has run-distilled/result.json '"imitation"'
expect 0 "$GRADUS" check run-distilled/rule.grad run-distilled/front.grad
expect 0 "$GRADUS" front run-distilled --csv
has out '"distill",'
expect 0 "$GRADUS" compare run-distilled run --on logistic --train 8 --test 8
expect 0 "$GRADUS" compare run-distilled
expect 0 "$GRADUS" emit c run-distilled -o emitted
(cd emitted && make -s test CC="$CC" CFLAGS="-std=c99 -Wall -Wextra -Werror" >log 2>&1) || fail "the C of the formula does not pass its test"

# ---- the same on any number of threads; in f64, and where the folder of the run was moved ----
expect 0 "$GRADUS" distill run --size 5 -o two --threads 2
grep -v 'searched in\|run-distilled\|two/' out >out.two
grep -v 'searched in\|run-distilled\|two/' first >first.two
cmp -s out.two first.two || fail "threads change what is found: $(diff out.two first.two)"
mv run moved
expect 0 "$GRADUS" distill moved --size 3 -o f64 --precision f64
has out 'm * f'

# ---- more expressions than are looked at: the formula is among those that go best there ----
expect 0 "$GRADUS" distill moved -o seven
has out 'expressions the 4096 that go best'
has out 'the closest, `m * f * (1 - (t - 1) / horizon)`, explains 100 % of its steps'

# ---- into a rule of one's own ----
cat >mine.grad <<'END'
optimizer helper(lr = 0.1) { x <- x - lr * g }
joint optimizer mine(lr = 1.0, keep = 0.3) {
  state moving = 0
  let s = g / rms(g)
  moving <- keep * moving + (1 - keep) * s
  x <- x - lr * discover(moving, f, 1 - (t - 1) / horizon, size = 5)
}
END
expect 0 "$GRADUS" distill moved --into mine.grad -o into
has out 'the closest, `moving * f * (1 - (t - 1) / horizon)`, explains 100 % of its steps'
has into/rule.grad 'optimizer mine('
expect 0 "$GRADUS" compare into

# ---- what cannot be ----
expect 2 "$GRADUS" distill
expect 2 "$GRADUS" distill moved into
expect 2 "$GRADUS" distill nothing
has err 'there is no folder nothing'
mkdir empty
expect 5 "$GRADUS" distill empty
expect 2 "$GRADUS" distill into -o of_search
has err 'is a search'
expect 2 "$GRADUS" distill moved --size 3 --into mine.grad -o both
expect 2 "$GRADUS" distill moved --size 40 -o large
echo 'optimizer closed() { x <- x - g }' >closed.grad
expect 2 "$GRADUS" distill moved --into closed.grad -o none
has err 'closed.grad has 0'
expect 1 "$GRADUS" distill moved --into known.grad -o none
has err 'is declared twice'
expect 4 "$GRADUS" distill moved --into missing.grad -o none
echo 'optimizer broken( {' >broken.grad
expect 1 "$GRADUS" distill moved --into broken.grad -o none
expect 4 "$GRADUS" distill moved --size 3 -o into
has err E0810
expect 0 "$GRADUS" distill moved --size 3 -o deep/er/new
mkdir moved-distilled
expect 4 "$GRADUS" distill moved --size 3
has err E0810
# A hole that is not the step cannot be led: another sign, another factor, what is not the step alone, several holes.
for step in 'x <- x + lr * discover(s, m, f, size = 3)' 'x <- x - 2 * lr * discover(s, m, f, size = 3)' \
	'x <- x - lr * sign(discover(s, m, size = 3))' 'x <- x - lr * discover(s, m, size = 2) * discover(s, m, size = 2)'; do
	cat >other.grad <<-END
		joint optimizer other(lr = 1.0) {
		  state m = 0
		  let s = g / rms(g)
		  $step
		}
	END
	expect 1 "$GRADUS" distill moved --into other.grad -o none
	grep -qE 'E0827|E0335' err || fail "this can be led: $step"
done
[ ! -e none ] || fail 'a folder was left'

cat >learner.grad <<'END'
fn online(X, y, unseen) = discover(setup = 0, predict = 1, learn = 1)
objective line(n = 4) {
  given X : [n, 2] ~ normal(0, 1)
  param predicted = online(X, X @ [1, 2], X)
  minimize mean((predicted - X @ [1, 2])^2)
}
experiment e {
  train    online
  on       line()
  problems 2 train, 2 select, 2 test
  search   random for 5 candidates
}
END
expect 0 "$GRADUS" train learner.grad -o learner
expect 2 "$GRADUS" distill learner -o none
has err 'has found a learner, which is no rule'
[ ! -e none ] || fail 'a folder was left'

# ---- it does not go on after a kill, which is said ----
rm seven/result.json
expect 2 "$GRADUS" resume seven
has err 'was distilled from a trained rule'

exit $((failures > 0))
