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
[ $ran -ge 12 ] || fail "docs/guide.md has $ran commands"
finish
