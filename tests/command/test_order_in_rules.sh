#!/bin/sh
# Rules that put coordinates in order, or make matrices of them, treat each tensor by itself: what they do to five of them is what a
# `joint` rule of the same text does to objectives of one. `check` passes what runs. Machine code, evaluator and C.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >parts.grad <<'END'
objective together() {
  param a : [4] = [1, -2, 0.5, 3]
  param b : [4] = [0.1, 0.2, -0.3, 0.4]
  param c : [3] = [2, 2, -1]
  param d : [2, 3] = [[1, 2, 3], [-3, -2, -1]]
  param e : real = 1.5
  minimize sum(a^4) + sum(cosh(b)) + sum(c^2) + 2 * sum(d^2) + e^2
}
objective part_a() {
  param a : [4] = [1, -2, 0.5, 3]
  minimize sum(a^4)
}
objective part_b() {
  param b : [4] = [0.1, 0.2, -0.3, 0.4]
  minimize sum(cosh(b))
}
objective part_c() {
  param c : [3] = [2, 2, -1]
  minimize sum(c^2)
}
objective part_d() {
  param d : [2, 3] = [[1, 2, 3], [-3, -2, -1]]
  minimize 2 * sum(d^2)
}
objective part_e() {
  param e : real = 1.5
  minimize e^2
}
END

final() {
	"$GRADUS" minimize rule.grad "$1" --with "$2" --steps 4 --json ${3-} 2>/dev/null | json_list f | tail -n 1
}

cat >lines <<'END'
x <- x - 0.01 * g / (median(abs(g)) + 1)
x <- x - 0.01 * clip(g, -quantile(abs(g), 0.8), quantile(abs(g), 0.8))
x <- x - 0.01 * sort(g)
x <- x - 0.01 * argsort(abs(g))
x <- x - 1e-6 * (outer(g, g) @ g)
x <- x - 0.01 * (diag(g) @ sign(g))
x <- x - 0.01 * g / (1 + abs(det(0.01 * outer(g, g) + diag(like(1, g)))))
x <- x - 0.01 * softmax(g) * median(g)
END
while read -r line; do
	{
		cat parts.grad
		printf 'optimizer plain(lr = 1) {\n  %s\n  x <- x + 0 * lr\n}\n' "$line"
		printf 'joint optimizer alone(lr = 1) {\n  %s\n  x <- x + 0 * lr\n}\n' "$line"
	} >rule.grad
	expect 0 "$GRADUS" check rule.grad
	for how in --strict --interpret ""; do
		found=$(final together plain $how)
		parts=""
		for part in a b c d e; do
			parts="$parts $(final part_$part alone $how)"
		done
		echo "$found $parts" | awk '{ sum = $2 + $3 + $4 + $5 + $6; d = $1 - sum; exit !(NF == 6 && d < 1e-9 && d > -1e-9) }' ||
			fail "$line ($how): $found on all, $parts by themselves"
	done
done <lines

# As C, such a rule is for tensors of known shapes.
expect 1 "$GRADUS" emit c rule.grad plain -o none
has err E0396
expect 0 "$GRADUS" emit c rule.grad plain --on together -o folder
expect 0 make -s -C folder test CC="$CC"

# What has no meaning for tensors of any shape is refused by `check` and by a run on a single tensor alike.
cat >refused.grad <<'END'
optimizer curved(lr = 0.1) {
  let H = jacobian(gradient(x), x)
  x <- x - lr * (H @ g)
}
objective single() {
  param w : [3] = 1
  minimize sum(w^2)
}
END
expect 1 "$GRADUS" check refused.grad
has out E0265
expect 1 "$GRADUS" minimize refused.grad single --with curved --steps 2
has err E0265

finish
