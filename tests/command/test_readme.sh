#!/bin/sh
# README.md shows what is printed: its commands run in order, with its first program as the file that it says.
. "$SOURCE_DIR/tests/command/lib.sh"
. "$SOURCE_DIR/tests/command/pages.sh"
ln -s "$SOURCE_DIR/examples" examples
page "$SOURCE_DIR/README.md"
[ -s mine.grad ] || fail "README.md has no program"
[ $ran -ge 5 ] || fail "README.md has $ran commands"
finish
