#!/bin/sh
# docs/guide.md shows what is printed, on real images where they are.
. "$SOURCE_DIR/tests/command/lib.sh"
. "$SOURCE_DIR/tests/command/pages.sh"
shared=${GRADUS_DATA:-$SOURCE_DIR/../shared/data}
for name in fashion-mnist mnist; do
	[ -d "$shared/vision/$name" ] && ln -s "$shared/vision/$name" $name
done
ln -s "$SOURCE_DIR/examples" examples
page "$SOURCE_DIR/docs/guide.md"

# The network of section 4 is right on 85 % of the test images, as its report says, and the trained rule is better than it started.
if [ -d fashion-mnist ]; then
	expect 0 "$GRADUS" minimize examples/images/clothes.grad --data fashion-mnist --precision f32 --with "adam(lr = 0.002)" --steps 3000 --json
	json_list accuracy <out | grep . | tail -n 3 | awk '{ best = $1 > best ? $1 : best } END { exit !(best >= 0.85 && best < 1) }' ||
		fail "accuracy: $(json_list accuracy <out | tr '\n' ' ')"
	sed 's/.*"score":\([^,]*\),.*/\1/' runs/clothes/metrics.jsonl >scores
	awk 'NR == 1 { first = $1 } { last = $1 } END { exit !(NR == 150 && last > 0 && last < 0.95 * first) }' scores ||
		fail "trained: $(sed -n '1p;$p' scores | tr '\n' ' ')"
fi
[ $ran -ge 12 ] || fail "docs/guide.md has $ran commands"
finish
