# Open expressions in spaces that are too large to be looked through: evolution, random search, what they print and leave; the clause `search` and
# --search, as they are right and wrong.
. "$(dirname "$0")/lib.sh"

cat >open.grad <<'END'
joint optimizer open_step(lr = 1.0, decay = 0.3) {
  state m = 0
  let s = g / rms(g)
  m <- decay * m + (1 - decay) * s
  x <- x - lr * discover(s, m, f, 1 - (t - 1) / horizon, 1, size = 9)
}
experiment evolving {
  train    open_step()
  on       robust_regression(n = 20)
  problems 8 train, 6 select, 10 test
  horizon  20
  search   evolve(population = 20, tournament = 2, islands = 3) for 900 candidates
  keep     4
  against  adam
}
END

# ---- evolution: what it says and leaves ----
expect 0 "$GRADUS" check open.grad
expect 0 "$GRADUS" train open.grad -o one --threads 1 --strict
has out 'evolved on 3 islands of 20, seed 0:'
grep -q '^ *[0-9]* \* ' out || fail 'no winner is marked'
lacks one/rule.grad 'discover('
expect 0 "$GRADUS" check one/rule.grad one/front.grad
expect 0 "$GRADUS" compare one
has out 'open_step'
grep -q '"how": *"evolve"' one/result.json || fail 'result.json does not say how it was searched'

# ---- the same on any number of threads; another seed is another search ----
expect 0 "$GRADUS" train open.grad -o three --threads 3 --strict
cmp -s one/rule.grad three/rule.grad || fail "another rule on three threads"
cmp -s one/front.grad three/front.grad || fail "another front on three threads"
expect 0 "$GRADUS" train open.grad -o seeded --threads 2 --strict --seed 3
has out 'seed 3:'
cmp -s one/front.grad seeded/front.grad && fail "another seed evolves the same front"

# ---- random search, alone and beside evolution; from the command line ----
expect 0 "$GRADUS" train open.grad -o drawn --search 'random for 400 candidates'
has out 'drawn at random:'
expect 0 "$GRADUS" check drawn/rule.grad
expect 0 "$GRADUS" train open.grad -o both --search 'evolve(islands = 2, random = true) for 400 candidates'
has out 'of as many random ones:'
grep -q '"random"' both/result.json || fail 'result.json has no random search'

# ---- auto: small spaces are enumerated, large ones evolve ----
sed 's/size = 9/size = 3/' open.grad >few.grad
expect 0 "$GRADUS" train few.grad -o automatic --search 'auto for 300 candidates'
lacks out 'evolved on'
sed 's/size = 9/size = 16, ops = wide, constants = 4, homogeneous = false/' open.grad >large.grad
expect 0 "$GRADUS" train large.grad -o large --search 'auto for 300 candidates'
has out 'evolved on 8 islands of 100'
expect 0 "$GRADUS" check large/rule.grad large/front.grad
expect 0 "$GRADUS" show space large.grad
has out 'of size'

# ---- by the evaluator, the same ----
sed 's/problems 8 train, 6 select/problems 2 train, 2 select/; s/horizon  20/horizon  4/; s/size = 9/size = 4/' open.grad >tiny.grad
expect 0 "$GRADUS" train tiny.grad -o compiled --strict --search 'evolve(population = 4, islands = 1) for 12 candidates'
expect 0 "$GRADUS" train tiny.grad -o evaluated --interpret --search 'evolve(population = 4, islands = 1) for 12 candidates'
cmp -s compiled/front.grad evaluated/front.grad || fail "the evaluator finds another front"

# ---- what is wrong ----
for how in anneal 'evolve(speed = 3)' 'evolve(population = 1)' 'evolve(islands = 2.5)' 'evolve(islands = 2, islands = 3)' \
	'evolve(random = 1)' 'enumerate for 10 candidates' 'random(3)' 'evolve for 0 candidates' 'evolve for 10' \
	'evolve for candidates' 'evolve
  keep 3' '}' 'evolve(1, 2, 3, 4)'; do
	expect 1 "$GRADUS" train open.grad -o nothing --search "$how"
	has err 'error[E'
	[ ! -e nothing ] || fail "a search that was refused leaves a folder"
done
cat >closed.grad <<'END'
experiment closed {
  train   gradient_descent()
  on      quadratic()
  horizon 5
  learn   gradient_descent.lr
}
END
expect 2 "$GRADUS" train closed.grad -o nothing --search evolve
has err '--search is of rules with an open expression'
finish
