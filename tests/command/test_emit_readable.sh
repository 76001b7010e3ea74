#!/bin/sh
# Emitted C can be read: of every rule and objective of the library and of the examples, no line is wider than 120 columns, every kernel
# stands under the lines of the program that it computes, as they stand there, every helper is used, and mathematics is written
# once. (test_emit.sh holds what it computes.)
: "${SOURCE_DIR:=$(cd "$(dirname "$0")/../.." && pwd)}" "${GRADUS:=$SOURCE_DIR/build/gradus}" "${CC:=cc}"
. "$SOURCE_DIR/tests/command/lib.sh"

compilers="$CC"
for other in gcc clang-19; do
	if command -v $other >/dev/null && [ "$(basename "$CC")" != $other ]; then
		compilers="$compilers $other"
	fi
done
warnings="-Wall -Wextra -Wunused-function -Wunused-macros -Werror -fsyntax-only"

# Lines wider than 120 columns, a tab being 4. No line of directives, which cannot be broken.
wide() {
	awk '
		/^#/ { next }
		{
			text = $0
			tabs = gsub(/\t/, "", text)
			gsub(/[\200-\277]/, "", text)
			if (length(text) + 4 * tabs > 120) print FILENAME ":" FNR ": " length(text) + 4 * tabs " columns"
		}' "$@"
}

# Sentences of comments that are broken behind a word or two, though they go on.
ragged() {
	awk '
		{
			text = $0
			sub(/^\t*( \* |\/\* )/, "", text)
			goes_on = $0 ~ /^\t* \* [a-z]/ && $1 " " $2 !~ /:( |$)/
			if (goes_on && short) print FILENAME ":" FNR - 1 ": " short
			short = $0 ~ /^\t* \* / && length(text) < 30 && text !~ /[.:;,]$/ && text !~ /^[A-Za-z0-9_.]*:/ ? text : ""
		}' "$1"
}

# Kernels without the place they come from, in a comment right above: FILE.grad:LINE: TEXT.
homeless() {
	awk '
		/^\/\*/ { comment = ""; begun = FNR }
		begun { comment = comment "\n" $0 }
		/\*\/$/ { begun = 0; ended = FNR }
		/^static .*_k[0-9]+\(/ {
			made = comment ~ /Not written in the program:/
			if (ended != FNR - 1 || !(made || comment ~ /[A-Za-z0-9_]+\.grad:[0-9]+: /)) print FILENAME ":" FNR ": " $0
		}' "$1"
}

# Every line that a comment quotes, against the line in the program. Long ones are wrapped: their beginnings.
misquoted() {
	sed -n 's,^\(/\*\| \*\) \([A-Za-z0-9_]*\.grad\):\([0-9]*\): \(.*\)$,\2 \3 \4,p' "$1" | sed 's, \*/$,,' | sort -u >quotes
	while read -r file number quote; do
		found=
		[ -f "shown/$file" ] || "$GRADUS" show std "${file%.grad}" >"shown/$file" 2>/dev/null # as its places are told
		for folder in shown "$SOURCE_DIR/examples"; do
			[ -f "$folder/$file" ] || continue
			line=$(sed -n "${number}p" "$folder/$file" | sed 's/^[ \t]*//; s/[ \t]*$//')
			case $line in
			"$quote"*) found=yes ;;
			esac
		done
		[ "$found" ] || echo "$1: line $number of $file is not \`$quote\`"
	done <quotes
	wc -l <quotes >>quoted
}

# A coefficient of mathematics belongs to one function, and that to one definition.
doubled() {
	grep -oE "^[a-z_A-Z0-9]+_INLINE [a-z0-9_]+ [A-Za-z0-9_]+\(" "$1" | sort | uniq -d | sed "s,^,$1: defined twice: ,"
	for number in 1.1441347725434927e-11 0.14799487338447104 0.13087224960327148 0.23547756671905518; do
		[ "$(grep -cF -- "$number" "$1")" -le 1 ] || echo "$1: $number stands in it more than once"
	done
}

# emitted NAME ARGUMENTS...: into the folder NAME.
emitted() {
	name=$1
	shift
	total=$((total + 1))
	expect 0 "$GRADUS" emit c "$@" -o "$name"
	# a rule for one objective has that beside it
	for header in "$name"/*.h; do
		ragged "$header" >said
		[ -s said ] && fail "$(head -3 said)"
	done
	for unit in $(cd "$name" && ls ./*.h | sed 's,\./,,; s/\.h$//' | grep -v _instance); do
		for question in homeless misquoted doubled; do
			$question "$name/$unit.c" >said
			[ ! -s said ] || { fail "$name: $question of $unit.c"; head -n 20 said; }
		done
	done
	wide "$name"/*.c "$name"/*.h >said
	[ ! -s said ] || { fail "$name: lines too wide"; head -n 20 said; }
	for compiler in $compilers; do
		"$compiler" -std=c99 $warnings "$name"/*.c >said 2>&1 || { fail "$name: $compiler"; head -n 40 said; }
		"$compiler" -std=c++11 -x c++ $warnings "$name"/*.c >said 2>&1 || { fail "$name: $compiler, as C++"; head -n 40 said; }
	done
}

total=0
: >quoted
mkdir shown
# names KIND FILE: of the declarations in a file.
names() {
	sed -n "s/^$1 \([a-zA-Z_0-9]*\)(.*/\1/p" "$2"
}
# Every sixth entry of the library; with EMIT_CAMPAIGN=1 all of them.
nth=0
for what in $(library Optimizers; library Families); do
	nth=$((nth + 1))
	[ "${EMIT_CAMPAIGN:-0}" != 0 ] || [ $((nth % 6)) = 1 ] || continue
	# shellcheck disable=SC2046
	emitted "std_$what" "$what" $(on_for "$what")
done
for file in "$SOURCE_DIR"/examples/*.grad; do
	for what in $(names optimizer "$file") $(names objective "$file"); do
		"$GRADUS" emit c "$file" "$what" -o probe >/dev/null 2>&1 || continue # takes arguments that have no default
		rm -rf probe
		emitted "example_$what" "$file" "$what"
	done
done
[ "$total" -ge 25 ] || fail "$total programs"
[ "$(awk '{ sum += $1 } END { print sum }' quoted)" -ge 80 ] || fail "only so many lines were quoted: $(awk "{ sum += \$1 } END { print sum }" quoted), of $total programs"
finish
