#!/bin/sh
# tests/mistakes/*.txt: what people write wrongly, one program or command after another, each with everything that is said of it:
#     === what was done                  (the title; then the program, which becomes wrong.grad)
#     --- check wrong.grad               (the command; then its output, both streams, and the exit code if that is not 1)
# GRADUS_UPDATE_GOLDEN=1 rewrites what is said, for review; a program without a command is checked.
. "$SOURCE_DIR/tests/command/lib.sh"

folder() { # the files that the programs and commands speak of
	mkdir -p work
	rm -rf work/*
	printf 'kind,length\nred,1.5\nblue,2\nred,3\n' >work/points.csv
	printf 'a,b\n1,2\n,3\n' >work/holes.csv
	printf '1,2\n3\n' >work/ragged.csv
	printf '1,2\n3,x\n' >work/word.csv
	printf 'price;rooms\n1,5;2\n2,25;3\n' >work/commas.csv
	printf '1\n2\n3\n' >work/one.csv
	printf '\211PNG\r\n\032\n\000\000\000' >work/picture.png
	awk 'BEGIN { for (i = 0; i < 30; i++) print i % 5, i % 7, i % 3, i % 2, i % 4 }' | tr ' ' ',' >work/table.csv
}

trimmed() { # without empty lines at the end
	sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

# one FILE: its cases anew, into `now`
one() {
	rm -rf cases
	mkdir cases
	awk '
		/^=== / { n++; name = sprintf("cases/%03d", n); print >(name ".title"); part = ".grad"; printf "" >(name part); next }
		/^--- / { print substr($0, 5) >(name ".command"); part = ""; next }
		n && part { print >(name part) }' "$1"
	: >now
	for title in cases/*.title; do
		case=${title%.title}
		folder
		cp "$case.grad" work/wrong.grad
		command=$(cat "$case.command" 2>/dev/null || echo check wrong.grad)
		(cd work && eval "\"$GRADUS\" $command") </dev/null >said 2>&1
		code=$?
		cat "$title" "$case.grad" | trimmed >>now
		echo "--- $command" >>now
		sed "s|$GRADUS|gradus|g" said | trimmed >>now
		[ $code -eq 1 ] || echo "(exit code $code)" >>now
		echo >>now
		count=$((count + 1))
	done
}

count=0
for file in "$SOURCE_DIR"/tests/mistakes/*.txt; do
	one "$file"
	if [ "${GRADUS_UPDATE_GOLDEN:-}" = 1 ]; then
		cp now "$file"
	elif ! cmp -s now "$file"; then
		fail "$(basename "$file") says something else (GRADUS_UPDATE_GOLDEN=1 rewrites it)"
		diff "$file" now | head -n 60
	fi
done
[ $count -ge 150 ] || fail "only $count mistakes"
finish
