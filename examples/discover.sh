#!/bin/sh
# examples/discover.sh: what did the network learn? Searches the open expression of discover_robust.grad, compares what it finds with tuned
# known rules on problems that nobody has seen, and turns it into C. GRADUS may name the command, CC the C compiler, DISCOVER_DIR where to write.
set -eu
cd "$(dirname "$0")/.."

gradus=${GRADUS:-build/gradus}
if [ ! -x "$gradus" ]; then
	echo "discover.sh: there is no $gradus; run 'make build' first, or set GRADUS" >&2
	exit 2
fi

out=${DISCOVER_DIR:-}
if [ -z "$out" ]; then
	number=1
	while [ -e "build/demo/discover-$number" ]; do
		number=$((number + 1))
	done
	out=build/demo/discover-$number
fi
mkdir -p "$out"

run() {
	printf '\n$ %s\n' "$*"
	"$@"
}

started=$(date +%s)
run "$gradus" show space examples/discover_robust.grad
run "$gradus" train examples/discover_robust.grad -o "$out/run"
run cat "$out/run/rule.grad"
run "$gradus" compare "$out/run" --svg "$out/curves.svg"
run "$gradus" emit c "$out/run" -o "$out/c" --prefix found_robust
run make -s -C "$out/c" CC="${CC:-cc}" test

cat <<TEXT

Done in $(($(date +%s) - started)) seconds. What there is now:
  $out/run/rule.grad      the rule that was found, as source
  $out/run/front.grad     the best of every size
  $out/curves.svg         how it does on problems it has not seen
  $out/c                  the same rule as C, ready to ship
TEXT
