#!/bin/sh
# How a search conducts itself: `check` finds what `train` would refuse, and the other way round; what is wrong is said with its reason; what is
# found keeps to what was stated; Ctrl-C and a full disk leave the best so far, and a search that finds nothing leaves nothing.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >rules.grad <<'END'
optimizer plain(lr = 0.1) {
  x <- x - lr * discover(g, f, size = 2)
}
optimizer bounded(lr = 0.01 in (0.001, 0.02)) {
  x <- x - lr * discover(g, f, size = 2)
}
optimizer no_rate(decay = 0.1) {
  x <- x - discover(g, x, size = 2)
}
optimizer decays(lr = 0.1, decay = 0.1) {
  x <- x - lr * discover(g, f, size = 2) - lr * decay * x
}
optimizer by_state(lr = 0.1, decay = 0.9) {
  state u = 0
  u <- decay * u + lr * discover(g, f, size = 2)
  x <- x - u
}
optimizer by_signs(lr = 0.1) {
  x <- x - lr * sign(discover(g, x, size = 3))
}
optimizer sees_its_steps(lr = 0.1) {
  state u = 0
  u <- discover(g, u, size = 2)
  x <- x - lr * u
}
optimizer unread(lr = 0.1) {
  let u = discover(g, f, size = 2)
  x <- x - lr * g
}
joint optimizer elsewhere(lr = 0.1) {
  let there = gradient(x - lr * g)
  x <- x - lr * discover(g, there, size = 1)
}
optimizer either(lr = 0.1, open = true) {
  if open {
    x <- x - lr * discover(g, f, size = 1)
  } else {
    x <- x - lr * g
  }
}
optimizer upwards(lr = 0.1) {
  x <- x + lr * discover(g, size = 1)
}
objective no_number(n = 3) {
  param x : [n] ~ normal(0, 1)
  minimize sum(x^2) / 0 - sum(x^2) / 0
}
END

# ---- check and train agree ----
# agree CODE|none NAME CLAUSES: an experiment of these clauses; both commands report the code, or nothing
agree() {
	printf 'import "rules.grad"\nexperiment e {\n  problems 4 train, 2 select, 2 test\n  horizon 4\n%s\n}\n' "$2" >agree.grad
	"$GRADUS" check agree.grad >by_check 2>&1
	checked=$?
	rm -rf agreed
	"$GRADUS" train agree.grad -o agreed >by_train 2>&1
	trained=$?
	for by in check train; do
		codes=$(grep -oE '^(error|warning)\[[EW][0-9]*\]' by_$by | sed 's/.*\[//; s/\]//' | grep -v -e W0273 | sort -u | tr '\n' ' ')
		[ "$codes" = "${1:+$1 }" ] || { fail "$by says '$codes' instead of '$1' to: $2"; head -n 20 by_$by; }
	done
	[ $checked -eq $trained ] || fail "check ends with $checked, train with $trained: $2"
	case $1 in E*) [ ! -e agreed ] || fail "a folder is left of: $2" ;; esac
}
agree '' '  train plain()
  on quadratic(n = 2)'
agree E0334 '  train plain(lr = 0.5)
  on quadratic(n = 2)'
has by_check 'leave `lr` out'
agree E0334 '  train no_rate()
  on quadratic(n = 2)'
agree W0334 '  train decays()
  on quadratic(n = 2)'
agree '' '  train by_state()
  on quadratic(n = 2)'
agree '' '  train by_signs()
  on quadratic(n = 2)'
agree W0334 '  train sees_its_steps()
  on quadratic(n = 2)'
agree E0391 '  train elsewhere()
  on quadratic(n = 2)'
agree E0335 '  train either(open = false)
  on quadratic(n = 2)
  keep 2'
agree '' '  train either()
  on quadratic(n = 2)
  against either(open = false), adam'
agree E0333 '  train plain()
  on quadratic(n = 2)
  against plain'
agree E0333 '  train policy()
  on quadratic(n = 2)
  against plain
  update adam(lr = 0.01) for 2 steps'
agree E0333 '  train policy()
  on quadratic(n = 2)
  update plain() for 2 steps'
agree 'E0333 W0335' '  train plain()
  on quadratic(n = 2)
  update plain() for 2 steps'
# A wrong number hides nothing else from check.
printf 'import "rules.grad"\nexperiment e {\n  train no_rate()\n  on quadratic()\n  horizon 4\n  keep 1.5\n}\nexperiment f {\n  train plain(lr = 1)\n  on quadratic()\n  horizon 0.5\n}\n' >numbers.grad
expect 1 "$GRADUS" check numbers.grad
for code in E0334 E0335 E0303 'leave `lr` out'; do
	has out "$code"
done

# ---- reasons ----
cat >some.grad <<'END'
import "rules.grad"
# One problem in ten is not finite: none of the 2 that are trained on, some of the 50 that finalists are chosen by.
objective at_times(n = 3) {
  given u ~ uniform(0, 1)
  param x : [n] ~ normal(0, 1)
  minimize sum(x^2) + (if u > 0.9 then log(0 * u) + 1 / (0 * u) else 0)
}
experiment e {
  train    plain()
  on       at_times()
  problems 2 train, 50 select, 4 test
  horizon  4
}
END
expect 1 "$GRADUS" train some.grad -o nothing
has err 'E0820'
has err 'on all of the 50 problems'
printf 'import "rules.grad"\nexperiment up {\n train upwards()\n on quadratic(n = 2)\n horizon 4\n}\nexperiment nan {\n train plain()\n on no_number()\n horizon 4\n}\nexperiment unseen {\n train unread()\n on quadratic(n = 2)\n horizon 4\n}\n' >reasons.grad
expect 1 "$GRADUS" train reasons.grad up -o nothing
has err 'E0820'
has err 'the only expression in this space does not bring the objective down'
has err 'none of their rates brings the objective down'
expect 1 "$GRADUS" train reasons.grad nan -o nothing
has err 'none of the'
has err 'the objective is not finite where a problem starts'
expect 1 "$GRADUS" train reasons.grad unseen -o nothing
has err 'E0339'
[ ! -e nothing ] || fail "a search that found nothing leaves a folder"

# ---- what was stated ----
printf 'import "rules.grad"\nexperiment low {\n train bounded()\n on quadratic(n = 4)\n problems 8 train, 4 select, 4 test\n horizon 10\n}\n' >low.grad
expect 0 "$GRADUS" train low.grad -o low
lacks err W0270
sed -n 's/.*bounded[_0-9]*(lr = \([-0-9.e]*\).*/\1/p' low/rule.grad low/front.grad >rates
awk '{ if ($1 < 0.001 || $1 > 0.02) exit 1 } END { exit NR < 2 }' rates || fail "rates leave their range: $(cat rates)"
expect 0 "$GRADUS" check low/rule.grad low/front.grad
lacks out W0270
# Multiples are one expression where a rate stands in front of it, and different ones elsewhere.
expect 0 "$GRADUS" show space rules.grad plain
has out 'positive factors aside'
expect 0 "$GRADUS" show space rules.grad decays
lacks out 'positive factors aside'

# ---- nothing is drawn ----
expect 0 "$GRADUS" train low.grad -o seed1 --seed 1
expect 0 "$GRADUS" train low.grad -o seed2 --seed 2
for file in rule.grad front.grad; do
	cmp -s seed1/$file low/$file && cmp -s seed2/$file low/$file || fail "a seed gives another $file"
done

# ---- --fill is one expression ----
for text in 'g) + (f' 'g * f)' '(g' 'g f' 'g # f' '' 'g; x <- x' 'g
f'; do
	"$GRADUS" minimize quadratic --file rules.grad --with plain --fill "$text" --steps 2 >out 2>err </dev/null
	code=$?
	[ $code -eq 1 ] || [ $code -eq 2 ] || fail "--fill '$text' is taken, with $code"
done
printf 'optimizer plain(lr = 0.1) {\n  x <- x - lr * discover(g, f, size = 2)\n}\n' >one.grad
for text in 'g' 'g + f' '(g)' 'if f > 1 then g else 2 * g' 'discover(g)'; do
	"$GRADUS" minimize quadratic --file one.grad --with plain --fill "$text" --steps 2 >out 2>err </dev/null
	code=$?
	[ "$text" = 'discover(g)' ] && wanted=1 || wanted=0
	[ $code -eq $wanted ] || fail "--fill '$text' ends with $code"
done
for text in 'g) + (f' 'g f' 'g # f' 'g
f'; do
	expect 1 "$GRADUS" minimize quadratic --file one.grad --with plain --fill "$text" --steps 2
done
expect 2 "$GRADUS" minimize quadratic --with adam --fill g
has err 'no file is given'
expect 2 "$GRADUS" info adam --fill g

# ---- Ctrl-C ----
cat >slow.grad <<'END'
optimizer slow(lr = 0.1, decay = 0.9) {
  state m = 0
  m <- decay * m + g
  x <- x - lr * discover(g, m, f, x, size = 6, constants = 2, homogeneous = false)
}
experiment long {
  train    slow()
  on       logistic(n = 200)
  problems 128 train, 64 select, 4 test
  horizon  100
  keep     100
}
experiment finals {
  train    slow()
  on       logistic(n = 200)
  problems 2 train, 20000 select, 4 test
  horizon  100
}
END
wait_for() { # FILE
	tries=0
	while [ ! -s "$1" ] && [ $tries -lt 600 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
}
interrupt() { # DIR: once there is something, Ctrl-C; and again if it does not end
	wait_for "$1/rule.grad"
	sleep "$2"
	kill -INT $pid
	wait $pid
	code=$?
	[ $code -eq 130 ] || { fail "$1: exit code $code after Ctrl-C"; cat err; }
	cat out err >said
	has said "resume $1"
	expect 0 "$GRADUS" check "$1/rule.grad" "$1/front.grad"
	has "$1/rule.grad" 'in a search that has not ended'
	[ ! -e "$1/result.json" ] || fail "$1: an interrupted search has a result"
	expect 0 "$GRADUS" minimize 'logistic(n = 20)' --with "$1" --steps 3
	has err 'was not finished'
}
"$GRADUS" train slow.grad long -o stopped >out 2>err &
pid=$!
interrupt stopped 0.5
# Two at once: the second leaves without waiting.
"$GRADUS" train slow.grad long -o twice >out 2>err &
pid=$!
wait_for twice/rule.grad
kill -INT $pid
kill -TERM $pid 2>/dev/null
wait $pid
[ $? -eq 130 ] || fail "the exit code after two interrupts"
expect 0 "$GRADUS" check twice/rule.grad twice/front.grad
# While finalists are scored.
"$GRADUS" train slow.grad finals -o finals >out 2>err &
pid=$!
tries=0
while ! "$GRADUS" front finals --csv 2>said | grep -q '^[0-9]*,3,' && [ $tries -lt 1200 ]; do # the last round is over, or nearly
	sleep 0.05
	tries=$((tries + 1))
done
interrupt finals 0.3
# Before anything is there.
"$GRADUS" train slow.grad long -o early >out 2>err &
pid=$!
sleep 0.05
kill -INT $pid
wait $pid
[ ! -e early ] || [ -s early/rule.grad ] || fail "an interrupted start left $(find early)"

# ---- a full disk ----
if [ "$(id -u)" -eq 0 ] && mkdir disk && mount -t tmpfs -o size=600k tmpfs disk 2>/dev/null; then
	trap 'umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
	sed 's/size = 6/size = 5/; s/128 train, 64 select/8 train, 4 select/; s/horizon  100/horizon  10/' slow.grad >disk.grad
	"$GRADUS" train disk.grad long -o disk/full >out 2>err
	code=$?
	[ $code -eq 4 ] || { fail "exit code $code on a full disk"; cat err; }
	cat out err >said
	has said E0811
	expect 0 "$GRADUS" check disk/full/rule.grad disk/full/front.grad
	umount disk
fi
finish
