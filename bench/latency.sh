#!/bin/sh
# How long people wait: check under 10 ms, the first step of a known rule under 100 ms, the training program of the demo
# planned and compiled in under 1 s. Where others keep the machine busy, processor time counts.
#
#   sh bench/latency.sh          (after `make build`; GRADUS may name another command)
SOURCE_DIR=$(cd "$(dirname "$0")/.." && pwd)
GRADUS=${GRADUS:-$SOURCE_DIR/build/gradus}
. "$SOURCE_DIR/tests/command/lib.sh"

# hundredths of milliseconds of processor time that commands took so far
spent_by_commands() {
	times >times
	awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, "m"); s += t[1] * 60 + t[2] }; printf "%d", s * 100000 }' times
}

# best LIMIT COMMAND...: the shortest of 10 runs, or their mean processor time, is below the limit, in milliseconds.
best() {
	limit=$1
	shift
	least=10000000
	spent_by_commands >before
	for try in 1 2 3 4 5 6 7 8 9 10; do
		start=$(date +%s%N)
		"$@" >out 2>err || fail "$*"
		spent=$((($(date +%s%N) - start) / 10000))
		[ $spent -lt $least ] && least=$spent
	done
	spent_by_commands >after
	mean=$((($(cat after) - $(cat before)) / 10))
	echo "$((least / 100)).$((least / 10 % 10)) ms, processor time $((mean / 100)).$((mean / 10 % 10)) ms: $*"
	[ $least -lt $((limit * 100)) ] || [ $mean -lt $((limit * 100)) ] || fail "more than $limit ms: $*"
}

for file in "$SOURCE_DIR"/examples/*.grad; do
	best 10 "$GRADUS" check "$file"
done
best 100 "$GRADUS" minimize rosenbrock --with adam --steps 1
best 1000 "$GRADUS" info "$SOURCE_DIR/examples/robust.grad" learn_robust
finish
