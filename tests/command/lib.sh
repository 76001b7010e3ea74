# What the tests of the command share; read with `.`. $GRADUS is the command, $SOURCE_DIR the root of the project,
# $CC a C compiler (default cc).
set -u
: "${CC:=cc}"
case $GRADUS in /*) ;; */*) GRADUS=$PWD/$GRADUS ;; esac
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export GRADUS_CACHE=off # every test by itself; test_cache.sh is about what is kept
cd "$work" || exit 1
failures=0

fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

# expect CODE COMMAND...: runs it with its output in the files `out` and `err`, and checks the exit code.
expect() {
	wanted=$1
	shift
	"$@" >out 2>err </dev/null
	code=$?
	if [ "$code" -ne "$wanted" ]; then
		fail "exit code $code instead of $wanted: $*"
		sed 's/^/    /' out err | head -n 40
	fi
}

# has FILE TEXT: the text, as it stands, is in the file.
has() {
	grep -qF -- "$2" "$1" || {
		fail "'$2' is not in:"
		sed 's/^/    /' "$1" | head -n 40
	}
}

lacks() {
	if grep -qF -- "$2" "$1"; then
		fail "'$2' is in $1"
	fi
}

# library Optimizers|Families: the names that the library has, one per line.
library() {
	"$GRADUS" show std | awk -v kind="$1:" '/^[A-Z]/ { inside = $1 == kind } /^  / && inside { print $1 }'
}

# on_for NAME: what `emit c` has to be told of an entry of the library: it learns numbers for one size, is for tensors of known
# shapes, evaluates elsewhere for all tensors together, or differentiates its objective.
on_for() {
	"$GRADUS" show std "$1" >entry
	if grep -q '^  learn.*size(x)' entry; then
		echo "--on bowl"
	elif grep -qE 'residuals|[ (]grad\(|jvp\(' entry && grep -qE '^(joint )?optimizer' entry; then
		echo "--on rosenbrock(n=6)"
	elif grep -q 'rank(x)' entry || { grep -qE '[ (=](gradient|value)\(' entry && ! grep -q '^joint ' entry; }; then
		echo "--on small_net"
	fi
}

# open_learner FILE: an objective there starts where a learner says that is open; nothing runs on it before that was searched.
open_learner() {
	grep -q '^fn .* = discover(' "$1"
}

# json_list KEY <FILE: the numbers of the first list of that name, one per line.
json_list() {
	tr '\n' ' ' | sed "s/.*\"$1\": \[\([^]]*\)\].*/\1/" | tr -d ' ' | tr ',' '\n'
	echo
}

json_value() {
	tr '\n' ' ' | sed "s/.*\"$1\": \([^,}]*\)[,}].*/\1/"
	echo
}

# near TOLERANCE FILE FILE: two columns of numbers, equal up to a relative error (absolute below 1).
near() {
	paste "$2" "$3" | awk -v tolerance="$1" '
		NF == 0 { next }
		NF != 2 { print "    not two numbers:", $0; bad = 1; next }
		{
			size = $2 < 0 ? -$2 : $2
			off = $1 - $2
			off = off < 0 ? -off : off
			if (!(off <= tolerance * (size > 1 ? size : 1))) { print "    " $1 " instead of " $2; bad = 1 }
			count++
		}
		END { exit bad || count == 0 }' || fail "numbers differ by more than $1 ($2, $3)"
}

finish() {
	[ "$failures" -eq 0 ] && exit 0
	echo "$failures failures"
	exit 1
}
