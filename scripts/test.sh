#!/bin/sh
# Everything that is checked before a change counts, in this order so that the last line is ctest's summary of the
# release build: a sanitized build and its tests, some fuzzing where clang is there, the release build's tests.
# FUZZ_SECONDS (30 for each target) and JOBS (all cores) may be set. GRADUS_SKIP_SANITIZE=1 leaves out the first two.
# Where $CI is set, warnings are errors; elsewhere a newer compiler with new warnings is no reason to fail.
set -u
cd "$(dirname "$0")/.." || exit 2

jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}
seconds=${FUZZ_SECONDS:-30}
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

fuzz_all() { # as many targets at once as there are jobs; each one's words stay together
	basename -s .c tests/fuzz/fuzz_*.c |
		xargs -P "$jobs" -I TARGET sh -c 'said=$(sh scripts/fuzz.sh TARGET "$1" 2>&1); code=$?; echo "$said"; exit $code' sh "$seconds"
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
		fuzz_all || failed="$failed fuzzing"
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
