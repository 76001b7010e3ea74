#!/bin/sh
# tests/stages/*.grad: what every stage makes of small programs, in files beside them: NAME.ir (the tensor form), NAME.adj.ir (with the
# raw adjoint; not of rules), NAME.opt.ir (after the passes), NAME.loops, NAME.c. GRADUS_UPDATE_GOLDEN=1 rewrites them, to be looked
# at as a difference.
: "${SOURCE_DIR:=$(cd "$(dirname "$0")/../.." && pwd)}" "${GRADUS:=$SOURCE_DIR/build/gradus}"
. "$SOURCE_DIR/tests/command/lib.sh"

stage() { # stage STAGE ENDING: of $program
	golden=${program%.grad}.$2
	if ! "$GRADUS" show "$1" "$program" >shown 2>said; then
		fail "show $1 $program: exit code $?"
		cat said
	elif [ -n "${GRADUS_UPDATE_GOLDEN:-}" ]; then
		cp shown "$golden"
	elif ! diff -u "$golden" shown >difference; then
		fail "show $1 $program gives something else than $golden (GRADUS_UPDATE_GOLDEN=1 rewrites it)"
		head -n 60 difference
	fi
}

programs=0
for program in "$SOURCE_DIR"/tests/stages/*.grad; do
	programs=$((programs + 1))
	stage ir ir
	grep -q '^objective' "$program" && stage grad adj.ir
	stage opt opt.ir
	stage loops loops
	stage c c
done
[ "$programs" -ge 10 ] || fail "$programs programs"
finish
