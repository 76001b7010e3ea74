#!/bin/sh
# bench/run.sh [NAME...]: builds and runs the benchmarks (train inner batch emit math compile matmul linear sizes data search learner; all without a name). Each
# line is a ratio against a peer that was measured in turns with it: how many times as long Gradus takes, the median
# and in brackets the extremes. The peers are compiled by clang 19 where it is (CC says otherwise), the faster one.
set -eu
cd "$(dirname "$0")/.."

if [ -z "${CC:-}" ]; then
	CC=gcc
	command -v clang-19 >/dev/null && CC=clang-19
fi
build=${BENCH_BUILD:-build/bench-$(basename "$CC")}
mkdir -p "$build"
cmake -S . -B "$build" -G Ninja -DCMAKE_C_COMPILER="$CC" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DGRADUS_BENCH=ON \
	-DGRADUS_TESTS=OFF >"$build/log" 2>&1 || { cat "$build/log"; exit 1; }
cmake --build "$build" >"$build/log" 2>&1 || { cat "$build/log"; exit 1; }
gradus=$build/gradus

# emitted_with COMPILER FLAGS...: the emitted Adam, compiled so, against the loop compiled so and as well as can be.
emitted_with() {
	compiler=$1
	shift
	bits="-std=c99 -ffp-contract=off -fno-math-errno -fno-trapping-math"
	folder=$build/adam-$compiler
	mkdir -p "$folder"
	# shellcheck disable=SC2086
	"$compiler" $bits "$@" -c -o "$folder/adam.o" "$build/adam/adam.c"
	"$compiler" -std=gnu17 -O2 -I. -I"$build/adam" -c -o "$folder/driver.o" bench/driver_adam.c
	"$compiler" -std=gnu17 -O2 -I. -c -o "$folder/bench.o" bench/bench.c
	for floor in "$*" "-O3 -march=native"; do
		# shellcheck disable=SC2086
		"$compiler" $bits $floor -I. -c -o "$folder/floor.o" bench/peer_adam.c
		"$compiler" -o "$folder/run" "$folder/driver.o" "$folder/adam.o" "$folder/floor.o" "$folder/bench.o" -lm
		"$folder/run" "$compiler $*" "fused loop, $floor"
		if [ "$*" = "-O3 -march=native" ]; then
			break
		fi
	done
}

bench_emit() {
	rm -rf "$build/adam"
	"$gradus" emit c adam -o "$build/adam" >/dev/null 2>&1
	for compiler in gcc clang-19; do
		command -v $compiler >/dev/null || continue
		emitted_with $compiler -O2
		emitted_with $compiler -O3 -march=native
	done
}

# statements COUNT: an objective of so many, each of which uses the one before.
statements() {
	awk -v count="$1" 'BEGIN {
		print "objective statements() {\n  param x : real = 1\n  let v0 = x"
		for (i = 1; i <= count; i++)
			print "  let v" i " = v" i - 1 " * 1.00001"
		print "  minimize v" count "^2\n}"
	}'
}

bench_compile() {
	process=$build/bench/bench_process
	XDG_CACHE_HOME="$(cd "$build" && pwd)/cache"
	export XDG_CACHE_HOME
	"$process" "gradus minimize rosenbrock --steps 1, code found again" true 100 \
		"$gradus" minimize rosenbrock --with adam --steps 1 -- true
	"$process" "training program of the demo, code found again" "$CC -O2 -c bench/roof.c" 1000 \
		"$gradus" info examples/robust.grad learn_robust -- "$CC" -O2 -march=native -I. -c -o "$build/roof.o" bench/roof.c
	export GRADUS_CACHE=off
	"$process" "gradus check examples/robust.grad" true 10 "$gradus" check examples/robust.grad -- true
	"$process" "gradus minimize rosenbrock --steps 1" true 100 \
		"$gradus" minimize rosenbrock --with adam --steps 1 -- true
	"$process" "training program of the demo, text to code" "$CC -O2 -c bench/roof.c" 1000 \
		"$gradus" info examples/robust.grad learn_robust -- "$CC" -O2 -march=native -I. -c -o "$build/roof.o" bench/roof.c
	"$build/bench/bench_compile" examples/robust.grad
	statements 30000 >"$build/lets.grad"
	"$process" "gradus check, 30,000 lets" true 300 "$gradus" check "$build/lets.grad" -- true
	if [ -d "${ADBENCH:-}" ]; then
		"$process" "gradus emit c, mixture of d = 64" true 1000 "$gradus" emit c gmm -f tests/parse/adbench_gmm.grad \
			--data "$ADBENCH/gmm_d64_K25" -o "$build/gmm" --real f64 --force -- true
	else
		echo "skipped: emit c of ADBench's mixture, as ADBENCH names no folder with gmm_d64_K25"
	fi
}

for name in ${*:-train inner batch emit math compile matmul linear sizes data search learner}; do
	echo "== $name"
	case $name in
	emit | compile) "bench_$name" ;;
	*) "$build/bench/bench_$name" ;;
	esac
done
