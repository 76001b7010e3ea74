#!/bin/sh
# fuzz.sh TARGET SECONDS [SEED]: one libFuzzer target of tests/fuzz (built with the preset `fuzz`), from what the repository has,
# into a corpus that is thrown away.
# Without SEED, as `make test` runs it, it is no lottery: the same inputs in the same order every time, as many as the seconds
# are enough for on a usual machine, so a tree without a finding stays without one. With SEED (`make campaign`) it goes elsewhere,
# and for as long as it is told.
# What is found is kept in build/fuzz, and printed with its report: the log alone is enough to run it again. The whole report is
# in build/log-TARGET.
set -u
cd "$(dirname "$0")/.." || exit 2
target=$1 seconds=$2
# LeakSanitizer does not see what a library that was loaded late (LLVM) keeps.
[ "$target" = fuzz_eval ] && leaks=0 || leaks=1
if [ -n "${3:-}" ]; then
	how="-seed=$3 -max_total_time=$seconds -detect_leaks=$leaks"
else
	case $target in # inputs in a second
	fuzz_safetensors) rate=100000 ;;
	fuzz_data) rate=1000 ;;
	fuzz_ir_text) rate=800 ;;
	fuzz_parse) rate=100 ;;
	fuzz_check) rate=50 ;;
	*) rate=40 ;;
	esac
	# Without what libFuzzer learns from comparisons: addresses are among it, and they differ from run to run. Leaks are looked
	# for at the end, as a second look at an input that seems to leak counts as one more.
	how="-seed=1 -use_cmp=0 -detect_leaks=0 -runs=$((rate * seconds)) -max_total_time=$((2 * seconds))"
fi
work=build/fuzz/work-$target
log=build/log-$target
rm -rf "$work" && mkdir -p "$work/inputs" "$work/corpus" "$work/found" || exit 1

programs() {
	find frontend/std examples tests -name '*.grad'
}

case $target in
fuzz_ir_*) # the text of the IR, as the command prints it
	for gradus in build/gradus build/sanitize/gradus; do [ -x $gradus ] && break; done
	for file in frontend/std/*.grad examples/*.grad; do
		for stage in ir opt; do
			$gradus show $stage "$file" >"$work/inputs/$stage-$(basename "$file")" 2>/dev/null
		done
	done ;;
fuzz_data) # one small file per format, and them in gzip; the first byte is how they are read
	seed() { # seed NAME FORMAT [ARGUMENT...]
		name=$1 format=$2
		shift 2
		for code in 000 001 002 003 004 005 006 007 070 100 200; do
			# shellcheck disable=SC2059
			{ printf "\\$code"; printf "$format" "$@"; } >"$work/inputs/$code-$name"
		done
		# shellcheck disable=SC2059
		{ printf '\000'; printf "$format" "$@" | gzip -n; } >"$work/inputs/gzip-$name"
	}
	seed csv 'a,"b ""c""",d\r\n1,2,x\r\n3.5,-4e2,y\r\n'
	seed blanks '# 1\n1 2\t3\n 4 5 6\n'
	seed libsvm '+1 1:0.5 3:2 # c\n-1 2:1\n'
	seed idx '\000\000\013\002\000\000\000\002\000\000\000\001abcd'
	seed npy "\\223NUMPY\\001\\000\\075\\000{'descr': '<i2', 'fortran_order': True, 'shape': (2,1)}     abcd"
	seed tensors '\070\000\000\000\000\000\000\000{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}    ab'
	;;
*) for file in $(programs); do cp "$file" "$work/inputs/$(echo "$file" | tr / -)"; done ;;
esac
[ -d "tests/fuzz/found/$target" ] && cp "tests/fuzz/found/$target"/* "$work/inputs"
# In the order of their names: the order of a folder is the file system's.
find "$work/inputs" -type f -size +0 | LC_ALL=C sort | tr '\n' ',' | sed 's/,$//' >"$work/list"

options="suppressions=tests/leaks.supp:print_suppressions=0:use_tls=0"
# shellcheck disable=SC2086 # $how is several words
if ASAN_OPTIONS=detect_leaks=$leaks LSAN_OPTIONS=$options UBSAN_OPTIONS=print_stacktrace=1 \
	build/fuzz/tests/"$target" $how -timeout=10 -rss_limit_mb=4096 -max_len=8192 -print_final_stats=1 \
	-artifact_prefix="$work/found/" -seed_inputs=@"$work/list" "$work/corpus" >"$log" 2>&1; then
	echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, $how, no finding"
	exit 0
fi
# From the first line of the report, which a log of thousands of lines has somewhere in its midst.
grep -a -n -m 1 -E 'ERROR: |runtime error: |internal error|ALARM: |Assertion ' "$log" | cut -d: -f1 | {
	read -r line || line=1
	tail -n +"$line" "$log" | head -n 80 | cut -c 1-400
}
echo "$target: a finding after $(grep -a -c '^#' "$log") lines of progress, $how"
for file in "$work"/found/*; do
	[ -f "$file" ] || continue
	cp "$file" "build/fuzz/$target-$(basename "$file")"
	echo "build/fuzz/$target-$(basename "$file"), as base64:"
	base64 -w 200 "$file"
	echo "to run it: base64 -d >input, then build/fuzz/tests/$target input"
done
exit 1
