#!/bin/sh
# tests/cases/*.grad: small programs with the right answer beside them. A case is a program whose comments say what is run and what
# must come of it:
#     #$ eval FILE --precision f32      a command (FILE is the case itself); the lines that follow are about it
#     #= value 1e20                     a figure of `eval`: value, gradient, or the name of a report
#     #= gradient 1 1e-20 inf           as many figures as it has elements
#     #~ 1e-6                           the relative error allowed from here on (at first 1e-13; 0 is written as 0 and is exact)
#     #! E0209                          the command ends with exit code 1 and says this
#     #? 2                              the exit code, where it is neither 0 nor that of `#!`
#     #+ text                           the output has this text
#     #- text                           the output does not have this text
# Every command has 10 seconds. `sh tests/command/test_cases.sh NAME...` runs only the named ones.
: "${SOURCE_DIR:=$(cd "$(dirname "$0")/../.." && pwd)}" "${GRADUS:=$SOURCE_DIR/build/gradus}"
. "$SOURCE_DIR/tests/command/lib.sh"
cases=$SOURCE_DIR/tests/cases

# figures NAME <JSON: the numbers of that name, one per line
figures() {
	tr '\n' ' ' | sed -n "s/.*\"$1\": *\(\[[^]]*\]\|[^],}]*\).*/\1/p" | tr -d ' []"' | tr ',' '\n'
	echo
}

# same TOLERANCE WANTED GOT: the files have the same count of numbers, each within a relative error
same() {
	paste "$2" "$3" | awk -v tolerance="$1" '
		function number(text) { return text + 0 }
		function special(text) { return text ~ /nan|inf/ }
		NF == 0 { next }
		NF != 2 { print "    not as many numbers:", $0; bad = 1; next }
		{
			count++
			if ($1 == $2) next
			off = number($1) - number($2); off = off < 0 ? -off : off
			size = number($1) < 0 ? -number($1) : number($1)
			if (special($1) || special($2) || !(off <= tolerance * size)) { print "    " $2 " instead of " $1; bad = 1 }
		}
		END { exit bad || count == 0 }'
}

finish_command() { # checks what the lines about one command have asked for
	[ -n "$command" ] || return 0
	wanted=${exit_code:-$([ -s messages ] && echo 1 || echo 0)}
	json=$([ -s figures_wanted ] && echo --json)
	words=$(printf '%s' "$command" | sed "s#FILE#$file#g")
	# shellcheck disable=SC2086
	timeout 10 "$GRADUS" $words $json >out 2>err </dev/null
	code=$?
	[ "$code" = "$wanted" ] || { fail "$name: exit code $code instead of $wanted: $command"; head -n 20 err out; }
	cat out err >both
	while IFS= read -r text; do
		grep -qF -- "$text" both || { fail "$name: no '$text' from: $command"; head -n 20 both; }
	done <messages
	while IFS= read -r text; do
		grep -qF -- "$text" both || { fail "$name: no '$text' from: $command"; head -n 20 both; }
	done <texts
	while IFS= read -r text; do
		! grep -qF -- "$text" both || fail "$name: '$text' comes from: $command"
	done <no_texts
	while read -r allowed what numbers; do
		printf '%s\n' $numbers >wanted_numbers
		figures "$what" <out >got_numbers
		same "$allowed" wanted_numbers got_numbers >difference || { fail "$name: $what of: $command"; cat difference; }
	done <figures_wanted
	command=""
}

start_command() {
	finish_command
	command=$1 exit_code=""
	: >messages; : >texts; : >no_texts; : >figures_wanted
}

run_case() {
	file=$1 name=$(basename "$1" .grad) command="" tolerance=1e-13 commands=0
	grep '^#[$=~!?+-] ' "$file" >lines
	while IFS= read -r line; do
		rest=${line#???}
		case $line in
		'#$ '*) start_command "$rest"; commands=$((commands + 1)) ;;
		'#= '*) printf '%s %s\n' "$tolerance" "$rest" >>figures_wanted ;;
		'#~ '*) tolerance=$rest ;;
		'#! '*) printf '%s\n' "$rest" >>messages ;;
		'#? '*) exit_code=$rest ;;
		'#+ '*) printf '%s\n' "$rest" >>texts ;;
		'#- '*) printf '%s\n' "$rest" >>no_texts ;;
		esac
	done <lines
	finish_command
	[ "$commands" -gt 0 ] || fail "$name: no command"
}

if [ $# -eq 0 ]; then
	set -- "$cases"/*.grad
else
	for one; do set -- "$@" "$cases/$one.grad"; shift; done
fi
for one; do run_case "$one"; done
finish
