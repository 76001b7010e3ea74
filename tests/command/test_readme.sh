#!/bin/sh
# README.md shows what is printed: its ```console blocks are run in order, with its first program as the file that it says, and every line
# that it shows comes in the output, in that order. Numbers may differ by 2 % (other machines round otherwise), times and memory
# by anything; `...` stands for any lines.
. "$SOURCE_DIR/tests/command/lib.sh"
readme=$SOURCE_DIR/README.md

ln -s "$SOURCE_DIR/examples" examples
name=$(sed -n 's/^Put this in `\(.*\)`:$/\1/p' "$readme")
[ -n "$name" ] || fail "README.md names no file for its program"
awk '/^Put this in/ { on = 1 } on && /^```grad/ { inside = 1; next } inside && /^```/ { exit } inside' "$readme" >"$name"
awk '/^```console/ { inside = 1; next } /^```/ { inside = 0 } inside' "$readme" >session

# shows: the lines of `wanted` among those of `out`
shows() {
	awk '
	function is_number(word) { return word ~ /^[-+]?[0-9]+(\.[0-9]*)?(e[-+]?[0-9]+)?$/ }
	function same(a, b, left,    off) {
		if (a == b || left) return 1
		if (!is_number(a) || !is_number(b)) return 0
		off = a - b
		off = off < 0 ? -off : off
		return off <= 0.02 * (b < 0 ? -b : b) + 0.004
	}
	# a line as words: brackets and commas apart, ranges and counts of digits in groups as they are read
	function words(line, out) {
		gsub(/\.\./, " .. ", line)
		gsub(/[][,:;]/, " & ", line)
		while (match(line, /[0-9] [0-9][0-9][0-9]( |$)/)) line = substr(line, 1, RSTART) substr(line, RSTART + 2)
		return split(line, out, " ")
	}
	function matches(wanted, got,    n, m, i, w, g) {
		n = words(wanted, w)
		m = words(got, g)
		if (n != m) return 0
		for (i = 1; i <= n; i++)
			if (!same(g[i], w[i], i < n && is_number(w[i]) && is_number(g[i]) && w[i + 1] ~ /^(ms|s|kB|MB)$/) &&
			    !(w[i] ~ /^(ms|s|kB|MB)$/ && g[i] ~ /^(ms|s|kB|MB)$/)) return 0
		return 1
	}
	NR == FNR { got[++count] = $0; next }
	$0 == "  ..." || $0 == "" { next }
	{
		for (k = at + 1; k <= count && !matches($0, got[k]); k++) ;
		if (k > count) { print "    not printed: " $0; bad = 1; next }
		at = k
	}
	END { exit bad }' out wanted
}

ran=0
run_one() {
	[ -n "$command" ] || return 0
	echo "$command" | sed "s|build/gradus|\"$GRADUS\"|g" >command.sh
	expect 0 sh command.sh
	shows || {
		fail "README.md shows something else for: $command"
		head -n 40 out
	}
	ran=$((ran + 1))
}
command=""
while IFS= read -r line; do
	case $line in
	'$ '*)
		run_one
		command=${line#??}
		: >wanted
		;;
	*) printf '%s\n' "$line" >>wanted ;;
	esac
done <session
run_one
[ $ran -ge 5 ] || fail "README.md has $ran commands"
finish
