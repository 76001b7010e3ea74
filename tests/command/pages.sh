# Pages of documentation as sessions; read with `.` behind lib.sh.
#
# page FILE: what "Put this in `NAME`:" announces becomes that file; the commands of ```console blocks run in order, in one folder, and every
# line that a block shows comes in the output, in that order. Numbers may differ by 2 % (other machines round otherwise), times and
# memory by anything; `...` stands for any lines. ```console exit=1: the command ends with that code. ```console data=NAME: it needs the
# folder NAME, and is left out where there is none.

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

run_command() {
	[ -n "$command" ] || return 0
	echo "$command" | sed "s|build/gradus|\"$GRADUS\"|g" >command.sh
	if [ -n "$needs" ] && [ ! -d "$needs" ]; then
		echo "SKIPPED, there is no folder $needs: $command"
	else
		expect "$exits" sh command.sh
		cat out err >said
		mv said out
		shows || {
			fail "$page shows something else for: $command"
			head -n 60 out
		}
		ran=$((ran + 1))
	fi
	command=""
}

page() {
	page=$1 ran=0 block="" file="" command=""
	while IFS= read -r line; do
		case $block:$line in
		:'```console'*)
			block=console exits=0 needs=""
			for word in $line; do
				case $word in
				exit=*) exits=${word#exit=} ;;
				data=*) needs=${word#data=} ;;
				esac
			done
			;;
		:'```'*)
			block=other
			[ -z "$file" ] || : >"$file"
			;;
		*:'```')
			[ $block = console ] && run_command
			[ $block = other ] && file=""
			block=""
			;;
		'console:$ '*)
			run_command
			command=${line#??}
			: >wanted
			;;
		console:*) printf '%s\n' "$line" >>wanted ;;
		other:*) [ -z "$file" ] || printf '%s\n' "$line" >>"$file" ;;
		esac
		# the name may stand on the next line
		case $block:$line in
		:*'in `'*'`:')
			file=${line##*in \`}
			file=${file%\`:}
			;;
		esac
	done <"$page"
}
