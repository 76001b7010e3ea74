#!/bin/sh
# What is too large, cannot be written or is misnamed is refused with a message, quickly, and nothing of it is our bug.
. "$SOURCE_DIR/tests/command/lib.sh"

expect 1 "$GRADUS" eval rosenbrock --set n=10000000 --memory 10MB
has err "E0801"
expect 1 "$GRADUS" minimize rosenbrock --with adam --steps 2000000000 --memory 1GB
has err "E0801"
expect 1 "$GRADUS" compare adam --on quadratic --train 1000000000 --memory 1GB
has err "E0801"
expect 2 "$GRADUS" minimize rosenbrock --with adam --steps 99999999999
has err "a whole number from 1 to 2147483647"
# Every option that takes a number has a range: its ends are taken (and refused for what they need at most), what lies beyond is not.
while read -r option least most command; do
	for value in "$least" "$most"; do
		$GRADUS $command --$option "$value" --memory 1GB >out 2>err </dev/null
		code=$?
		[ $code -le 1 ] || { fail "exit code $code: $command --$option $value"; head -n 3 err; }
		[ $code -eq 0 ] || has err E0801
	done
	for value in "$((least - 1))" 9999999999999999999 1.5 1e3 x ''; do
		expect 2 $GRADUS $command --$option "$value"
		has err "--$option"
	done
	if [ "$most" != 9223372036854775807 ]; then
		expect 2 $GRADUS $command --$option "$((most + 1))"
		has err "a whole number from $least to $most"
	fi
done <<LIST
threads 1 1024 eval rosenbrock
instance 0 1000000000000000000 eval quadratic
instance 0 1000000000000000000 minimize quadratic --with adam --steps 3 --problems 20
seed 0 9223372036854775807 eval quadratic
steps 1 2147483647 minimize rosenbrock --with adam
problems 1 1000000000 minimize quadratic --with adam --steps 3
train 1 1000000000 compare adam --on quadratic --steps 2 --test 2
test 1 1000000000 compare adam --on quadratic --steps 2 --train 2
LIST

# Files that cannot be written: named as the user named them.
expect 4 "$GRADUS" eval rosenbrock --dump-dir /proc/none
has err "/proc/none"
expect 4 "$GRADUS" minimize rosenbrock --with adam --steps 3 --svg /proc/none/x.svg
has err "/proc/none/x.svg:"
expect 0 "$GRADUS" eval rosenbrock --dump-dir passes
[ -n "$(ls passes)" ] || fail "no dumps in a folder that had to be made"

# A name means the declaration, even beside a file of that name.
: >rosenbrock
: >adam
expect 0 "$GRADUS" minimize rosenbrock --with adam --steps 3
expect 0 "$GRADUS" emit c adam -o emitted
expect 0 "$GRADUS" --version
has out "gradus "

# One objective, and what it needs: nothing else that could be meant.
cat >table.grad <<'EOF'
const data = [[1, 2], [3, 4], [5, 6]]
fn square(v) = v * v
objective spread() {
  param w : [2] = 0
  minimize sum[i, j](square(data[i, j] - w[j]))
}
EOF
expect 0 "$GRADUS" emit c table.grad -o table-c
expect 0 make -C table-c test
has out "PASS"

# Where no run stays finite, training says so.
cat >wild.grad <<'EOF'
optimizer wild() {
  learn rate = 100
  x <- x - rate * g
}
experiment hopeless {
  train wild()
  on rosenbrock()
  horizon 10
  update adam() for 3 steps
}
EOF
expect 3 "$GRADUS" train wild.grad -o wild
has out "no meta-gradient was finite"
has err "not finite 100 %"

# A curve over a hundred decades: the smallest tick is a power of ten, not 0.
expect 3 "$GRADUS" minimize rosenbrock --with "gradient_descent(lr = 1)" --steps 30
has out "1e+"
lacks out " 0 ┤"
finish
