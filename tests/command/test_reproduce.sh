#!/bin/sh
# Every reproduction runs, with few steps and problems, and prints a table; what run.sh is told wrongly it says.
. "$SOURCE_DIR/tests/command/lib.sh"
count=0
for file in "$SOURCE_DIR"/examples/reproduce/*.grad; do
	name=$(basename "$file" .grad)
	count=$((count + 1))
	expect 0 "$GRADUS" check "$file"
	expect 0 env REPRODUCE_DIR="$work/$name" GRADUS="$GRADUS" CC="$CC" sh "$SOURCE_DIR/examples/reproduce/run.sh" "$name" --quick
	has out "lower is better"
	has out "trained "
	grep -q "run.sh $name\$" "$file" || fail "$name.grad does not say how it is run"
	[ "$name" != fitting ] || has out "problems solved in 10 evaluations"
	grep -q "run.sh $name\b" "$SOURCE_DIR/docs/reproductions.md" || fail "docs/reproductions.md has no $name"
done
[ $count -ge 5 ] || fail "only $count reproductions"
expect 2 sh "$SOURCE_DIR/examples/reproduce/run.sh" nothing
expect 2 env REPRODUCE_DIR="$work/pes" GRADUS="$GRADUS" sh "$SOURCE_DIR/examples/reproduce/run.sh" pes --quick
has err "there already"

# A joint rule in a wrapper: by a joint one it can be applied to all tensors; by another it cannot, and that is said.
for wrapper in "damped(base = policy)" "damped(base = policy(hidden = 3))" "lookahead(base = policy)"; do
	printf 'experiment e {\n  train %s\n  on robust_regression(), small_net()\n  problems 2 train\n  horizon 3\n  update adam() for 1 steps\n}\n' "$wrapper" >e.grad
	rm -rf run
	case $wrapper in
	damped*) expect 0 "$GRADUS" train e.grad -o run ;;
	*)
		expect 1 "$GRADUS" train e.grad -o run
		has err E0397
		;;
	esac
done
finish
