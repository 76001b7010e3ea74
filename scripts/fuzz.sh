#!/bin/sh
# fuzz.sh TARGET SECONDS: one libFuzzer target of tests/fuzz (built with the preset `fuzz`), from what the repository has, into a
# corpus that is thrown away. What it finds is kept in build/fuzz; its report is in build/log-TARGET.
set -u
cd "$(dirname "$0")/.." || exit 2
target=$1 seconds=$2
corpus=build/fuzz/corpus-$target
rm -rf "$corpus" && mkdir -p "$corpus" || exit 1

programs() {
	find frontend/std examples tests -name '*.grad'
}

case $target in
fuzz_ir_*) # the text of the IR, as the command prints it
	for gradus in build/gradus build/sanitize/gradus; do [ -x $gradus ] && break; done
	for file in frontend/std/*.grad examples/*.grad; do
		for stage in ir opt; do
			$gradus show $stage "$file" >"$corpus/$stage-$(basename "$file")" 2>/dev/null
		done
	done ;;
fuzz_data) # one small file per format, and them in gzip; the first byte is how they are read
	seed() { # seed NAME FORMAT [ARGUMENT...]
		name=$1 format=$2
		shift 2
		for how in 000 001 002 003 004 005 006 007 070 100 200; do
			# shellcheck disable=SC2059
			{ printf "\\$how"; printf "$format" "$@"; } >"$corpus/$how-$name"
		done
		# shellcheck disable=SC2059
		{ printf '\000'; printf "$format" "$@" | gzip -n; } >"$corpus/gzip-$name"
	}
	seed csv 'a,"b ""c""",d\r\n1,2,x\r\n3.5,-4e2,y\r\n'
	seed blanks '# 1\n1 2\t3\n 4 5 6\n'
	seed libsvm '+1 1:0.5 3:2 # c\n-1 2:1\n'
	seed idx '\000\000\013\002\000\000\000\002\000\000\000\001abcd'
	seed npy "\\223NUMPY\\001\\000\\075\\000{'descr': '<i2', 'fortran_order': True, 'shape': (2,1)}     abcd"
	seed tensors '\070\000\000\000\000\000\000\000{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}    ab'
	;;
*) for file in $(programs); do cp "$file" "$corpus/$(echo "$file" | tr / -)"; done ;;
esac

# LeakSanitizer does not see what a library that was loaded late (LLVM) keeps.
options="suppressions=tests/leaks.supp:print_suppressions=0:use_tls=0"
[ "$target" = fuzz_eval ] && detect=0 || detect=1
if ASAN_OPTIONS=detect_leaks=$detect LSAN_OPTIONS=$options build/fuzz/tests/"$target" -max_total_time="$seconds" -timeout=10 \
	-rss_limit_mb=4096 -max_len=8192 -print_final_stats=1 -detect_leaks=$detect -artifact_prefix=build/fuzz/"$target"- "$corpus" \
	>build/log-"$target" 2>&1; then
	echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' build/log-"$target") inputs in $seconds s, no finding"
else
	tail -n 60 build/log-"$target"
	echo "$target: a finding, in build/fuzz/$target-*"
	exit 1
fi
