#!/bin/sh
# Every family of the library at its smallest sizes (parameters that are whole numbers): a finite value and gradient, or an error that
# says the smallest size, or what cannot be drawn so.
. "$SOURCE_DIR/tests/command/lib.sh"
tried=0
for name in $(sed -n 's/^objective \([a-z_]*\)(..*/\1/p' "$SOURCE_DIR"/frontend/std/*.grad); do
	"$GRADUS" show std "$name" >source 2>/dev/null || continue
	for parameter in $(sed -n "s/^objective $name(\(.*\)) {/\1/p" source | tr ',' '\n' | sed -n 's/^ *\([a-z_]*\) *= *[0-9]*$/\1/p'); do
		for size in 1 2 3; do
			tried=$((tried + 1))
			if "$GRADUS" eval "$name" --set "$parameter=$size" --json --interpret >out 2>err; then
				! grep -qi 'nan\|inf' out || fail "$name($parameter = $size) is not finite"
			else
				grep -qE "has to be at least|E0251" out err || fail "$name($parameter = $size): $(cat out err)"
			fi
		done
	done
done
[ "$tried" -ge 45 ] || fail "only $tried sizes were tried"
expect 1 "$GRADUS" eval rosenbrock --set n=1
grep -q "it has to be at least 2" out err || fail "the smallest size of rosenbrock is not said"
finish
