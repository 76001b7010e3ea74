#!/bin/sh
# What is too large, cannot be written or is misnamed is refused with a message, quickly, and nothing of it is our bug.
. "$SOURCE_DIR/tests/command/lib.sh"

expect 1 "$GRADUS" eval rosenbrock --set n=10000000 --memory 10MB
has err "E0801"
expect 1 "$GRADUS" minimize rosenbrock --with adam --steps 2000000000 --memory 1GB
has err "E0801"
expect 1 "$GRADUS" compare adam --on quadratic --train 2000000000 --memory 1GB
has err "E0801"
expect 2 "$GRADUS" minimize rosenbrock --with adam --steps 99999999999
has err "a whole number from 1 to 2147483647"
expect 2 "$GRADUS" eval rosenbrock --threads 0
expect 2 "$GRADUS" eval rosenbrock --threads -1

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
