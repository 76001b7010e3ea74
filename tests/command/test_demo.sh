#!/bin/sh
# The demo from end to end, with few steps: all files are there, and the C passes its self-test.
. "$SOURCE_DIR/tests/command/lib.sh"
expect 0 env DEMO_DIR="$work/demo" DEMO_STEPS=20 GRADUS="$GRADUS" sh "$SOURCE_DIR/examples/demo.sh" robust
has out "PASS"
has out "behind policy"
for file in run/rule.grad run/comparison.json curves.svg training.svg; do
	[ -s "$work/demo/$file" ] || fail "no $file"
done
expect 2 sh "$SOURCE_DIR/examples/demo.sh" nothing

# a rule and an objective as C, too; two optimizers link into one program
expect 0 "$GRADUS" emit c adam -o adam --prefix first --real f64
expect 0 make -s -C adam CC="$CC" test
expect 0 "$GRADUS" emit c rosenbrock -o rosenbrock --real f64
expect 0 make -s -C rosenbrock CC="$CC" test
expect 0 "$GRADUS" emit c adam -o again --prefix first --real f64
for file in again/*; do
	cmp -s "$file" "adam/${file#again/}" || fail "the same input emits another ${file#again/}"
done
"$GRADUS" emit c momentum -o momentum --prefix second >/dev/null 2>&1
cat >both.c <<'C'
#include "adam/first.h"
#include "momentum/second.h"
int main(void) {
	return 0;
}
C
expect 0 "$CC" -Wall -Wextra -Werror -O1 both.c adam/first.c momentum/second.c -o both -lm
expect 0 ./both
expect 2 "$GRADUS" emit c
expect 2 "$GRADUS" emit c adam
expect 2 "$GRADUS" emit c adam -o x --prefix 9x
expect 2 "$GRADUS" emit c adaam -o x
has err "adam"
expect 2 "$GRADUS" emit rust adam -o x
finish
