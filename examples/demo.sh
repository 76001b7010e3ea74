#!/bin/sh
# examples/demo.sh [robust|logistic|net]: everything at once. Meta-trains a small optimizer on a family of problems,
# compares it with tuned known ones on problems that none of them has seen, draws the curves, and turns the winner into C.
# GRADUS may name the command, CC the C compiler, DEMO_DIR where to write, DEMO_STEPS how many outer steps to train.
set -eu
cd "$(dirname "$0")/.."

problem=${1:-robust}
gradus=${GRADUS:-build/gradus}
case $problem in
robust | logistic | net) ;;
*)
	echo "demo.sh: the problems are robust, logistic and net, not '$problem'" >&2
	exit 2
	;;
esac
if [ ! -x "$gradus" ]; then
	echo "demo.sh: there is no $gradus; run 'make build' first, or set GRADUS" >&2
	exit 2
fi

out=${DEMO_DIR:-}
if [ -z "$out" ]; then
	number=1
	while [ -e "build/demo/$problem-$number" ]; do
		number=$((number + 1))
	done
	out=build/demo/$problem-$number
fi
mkdir -p "$out"

run() {
	printf '\n$ %s\n' "$*"
	"$@"
}

started=$(date +%s)
run "$gradus" check "examples/$problem.grad"
run "$gradus" info "examples/$problem.grad" "learn_$problem"
run "$gradus" train "examples/$problem.grad" -o "$out/run" ${DEMO_STEPS:+--steps "$DEMO_STEPS"}
run "$gradus" plot "$out/run" --svg "$out/training.svg"
run "$gradus" compare "$out/run" --svg "$out/curves.svg"
run "$gradus" emit c "$out/run" -o "$out/c" --prefix "learned_$problem"
run make -s -C "$out/c" CC="${CC:-cc}" test

cat <<TEXT

Done in $(($(date +%s) - started)) seconds. What there is now:
  $out/run/rule.grad      the optimizer that was learned, as source
  $out/curves.svg         how it does on problems it has not seen
  $out/training.svg       how it was trained
  $out/c                  the same optimizer as C, ready to ship
TEXT
