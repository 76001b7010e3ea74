#!/bin/sh
# How long people wait: check under 10 ms, the first step of a known rule under 100 ms, the training program of the demo
# compiled in under 1 s. The best of several tries counts, because the machine may be busy. Not for sanitized builds.
. "$SOURCE_DIR/tests/command/lib.sh"
if grep -q __asan_init "$GRADUS"; then
	echo "sanitized: not measured"
	exit 0
fi

# best LIMIT COMMAND...: the shortest of up to 20 runs is below the limit, in milliseconds.
best() {
	limit=$1
	shift
	least=1000000
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		start=$(date +%s%N)
		"$@" >out 2>err || fail "$*"
		spent=$((($(date +%s%N) - start) / 10000))
		[ $spent -lt $least ] && least=$spent
		[ $least -lt $((limit * 50)) ] && break # half of it will do
	done
	echo "$* : $((least / 100)).$((least % 100)) ms"
	[ $least -lt $((limit * 100)) ] || fail "took $((least / 100)) ms instead of at most $limit: $*"
}

for file in "$SOURCE_DIR"/examples/*.grad; do
	best 10 "$GRADUS" check "$file"
done
best 100 "$GRADUS" minimize rosenbrock --with adam --steps 1

# compile_seconds of result.json
least=1000000
for try in 1 2 3 4 5; do
	expect 0 "$GRADUS" train "$SOURCE_DIR/examples/robust.grad" -o run$try --steps 1
	spent=$(json_value compile_seconds <run$try/result.json | awk '{ printf "%d", $1 * 1000 }')
	[ "$spent" -lt $least ] && least=$spent
	[ $least -lt 500 ] && break
done
echo "training program compiled: $least ms"
[ $least -lt 1000 ] || fail "the training program of the demo compiles in $least ms"
finish
