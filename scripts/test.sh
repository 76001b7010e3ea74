#!/bin/sh
# Everything that is checked before a change counts, in this order so that the last line is ctest's summary of the
# release build: a sanitized build and its tests, a minute of fuzzing where clang is there, the release build's tests.
# FUZZ_SECONDS (60) and JOBS (all cores) may be set. GRADUS_SKIP_SANITIZE=1 leaves out the first two. Where $CI is set, warnings
# are errors; elsewhere a newer compiler with new warnings is no reason to fail.
set -u
cd "$(dirname "$0")/.." || exit 2

jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}
seconds=${FUZZ_SECONDS:-60}
failed="" skipped=""
warnings=$([ -n "${CI:-}" ] && echo ON || echo OFF)

say() {
	printf '\n== %s\n' "$*"
}

build() { # build PRESET [TARGET...]
	preset=$1
	shift
	log=build/log-$preset
	cmake --preset "$preset" -DGRADUS_WARNINGS_AS_ERRORS="$warnings" >"$log" 2>&1 || { cat "$log"; return 1; }
	cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"} >"$log" 2>&1 && return
	grep -v '^\[[0-9]*/[0-9]*\] ' "$log" | head -n 120
	return 1
}

fuzz() { # fuzz TARGET: from the programs in the repository, into a corpus that is thrown away
	corpus=build/fuzz/corpus-$1
	rm -rf "$corpus" && mkdir -p "$corpus" || return 1
	find frontend/std examples tests -name '*.grad' -exec cp {} "$corpus" \; 2>/dev/null
	build/fuzz/tests/"$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -max_len=8192 -print_final_stats=1 \
		-artifact_prefix=build/fuzz/ "$corpus" >build/log-"$1" 2>&1 || { tail -n 60 build/log-"$1"; return 1; }
	echo "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' build/log-"$1") programs in $seconds s, no finding"
}

mkdir -p build
if [ -n "${GRADUS_SKIP_SANITIZE:-}" ]; then
	skipped="$skipped sanitizers-and-fuzzing(GRADUS_SKIP_SANITIZE)"
else
	say "AddressSanitizer and UndefinedBehaviorSanitizer"
	if build sanitize; then
		ctest --test-dir build/sanitize --output-on-failure -j "$jobs" || failed="$failed sanitize"
	else
		failed="$failed sanitize-build"
	fi
	say "Fuzzing"
	if ! ls tests/fuzz/fuzz_*.c >/dev/null 2>&1; then
		skipped="$skipped fuzzing(no-targets)"
	elif ! command -v clang-19 >/dev/null 2>&1; then
		skipped="$skipped fuzzing(needs-clang-19)"
	elif ! build fuzz $(basename -s .c tests/fuzz/fuzz_*.c); then
		failed="$failed fuzz-build"
	else
		for target in tests/fuzz/fuzz_*.c; do
			fuzz "$(basename "$target" .c)" || failed="$failed $(basename "$target" .c)"
		done
	fi
fi

say "Release"
[ -z "$skipped" ] || echo "SKIPPED:$skipped"
[ -z "$failed" ] || echo "FAILED so far:$failed"
if build release; then
	ctest --test-dir build --output-on-failure -j "$jobs" || failed="$failed release"
else
	failed="$failed release-build"
fi
if [ -n "$failed" ]; then
	echo "FAILED:$failed"
	exit 1
fi
