#!/bin/sh
# The long forms of the random tests, with a line of figures each. What is wrong is printed, made smaller.
#   GRADUS_RANDOM_PROGRAMS (20000)  random programs against an evaluation that is no part of Gradus (test_random_programs)
#   GRADUS_RANDOM_RUNS (2000)       random rules on random objectives: runs and meta-gradients, against a simulation
#   GRADUS_MUTANTS (100000)         programs with mistakes, under sanitizers (test_mutants)
#   GRADUS_ORACLE (20000)           random functions of the tensor IR, before and after every pass (test_ir_oracle)
#   FUZZ_SECONDS (600)              every target of tests/fuzz, as long as this
#   GRADUS_KILLS (1000)             `train` killed at random moments: what is left can be used (command/test_kill.sh, a fifth as
#                                   many), and goes on to the same bytes (command/test_resume.sh)
#   GRADUS_SEARCH_KILLS (100)       searches killed at random moments go on to the same archive (command/test_archive.sh,
#                                   command/test_choose_archive.sh)
#   lion: where signs win, as examples/discover_lion.grad says (command/test_discover_lion.sh)
#   choose: the 4096 combinations of examples/choose_adam.grad all through all stages, against the search (test_choose_exhaustive)
#   CAMPAIGN (all of "random mutants ir fuzz kills lion choose")  which of them
#   SEED (a new one every time)     where all of them begin; it is printed first, and given again looks at the same
#   JOBS (all cores)                processes at once
set -u
cd "$(dirname "$0")/.." || exit 2
jobs=${JOBS:-$(nproc 2>/dev/null || echo 2)}
seed=${SEED:-$(od -A n -N 3 -t u1 /dev/urandom | awk '{ print $1 * 65536 + $2 * 256 + $3 + 1 }')}
parts=${CAMPAIGN:-random mutants ir fuzz kills lion choose}
logs=build/campaign failed=""
mkdir -p "$logs"
echo "SEED=$seed"

wants() {
	case " $parts " in *" $1 "*) return 0 ;; *) return 1 ;; esac
}

build() { # build PRESET TARGET...
	preset=$1
	shift
	cmake --preset "$preset" >"$logs/build-$preset" 2>&1 && cmake --build --preset "$preset" -j "$jobs" --target "$@" \
		>>"$logs/build-$preset" 2>&1 && return
	tail -n 40 "$logs/build-$preset"
	exit 1
}

# spread NAME COUNT FROM_VARIABLE COUNT_VARIABLE COMMAND...: COUNT of them in as many processes as there are cores; each is given
# where to begin and how many in these variables.
# The figures that they print ("NAME 1 to 500:  480 agree  20 not comparable") are added up.
spread() {
	name=$1 count=$2 from_variable=$3 count_variable=$4
	shift 4
	rm -f "$logs/$name"-*
	each=$(((count + jobs - 1) / jobs)) job=0 pids=""
	while [ $job -lt "$jobs" ]; do
		env "$from_variable=$((seed + job * each))" "$count_variable=$each" "$@" >"$logs/$name-$job" 2>&1 &
		pids="$pids $!"
		job=$((job + 1))
	done
	good=1
	for pid in $pids; do wait "$pid" || good=0; done
	cat "$logs/$name"-* | grep -v '^\[' | grep -v "^[a-z ]* [0-9]* to [0-9]*:" | head -n 400
	grep -h "^[a-z ]* [0-9]* to [0-9]*:" "$logs/$name"-* | sed 's/^[^:]*://' | awk -v name="$name" '
		{ gsub(/^ +/, ""); n = split($0, part, /  +/)
		  for (i = 1; i <= n; i++) {
			number = part[i]; text = part[i]
			if (part[i] ~ /^exit/) { sub(/.*: /, "", number); sub(/:.*/, "", text) }
			else { sub(/ .*/, "", number); sub(/^[0-9]* /, "", text) }
			if (!(text in sum)) order[++texts] = text
			sum[text] += number } }
		END { printf "%s:", name; for (i = 1; i <= texts; i++) printf "  %d %s", sum[order[i]], order[i]; print "" }'
	[ $good = 1 ] || failed="$failed $name"
}

if wants random || wants ir; then build release all; fi
if wants mutants; then build sanitize test_mutants; fi
if wants random; then
	spread random "${GRADUS_RANDOM_PROGRAMS:-20000}" GRADUS_RANDOM_FROM GRADUS_RANDOM_PROGRAMS \
		build/tests/test_random_programs --filter 'random_programs/mean*'
	spread runs "${GRADUS_RANDOM_RUNS:-2000}" GRADUS_RANDOM_FROM GRADUS_RANDOM_RUNS \
		build/tests/test_random_programs --filter 'random_programs/are_trained*'
	GRADUS_RANDOM_FROM=$seed GRADUS_RANDOM_EMITTED=200 build/tests/test_random_programs --filter 'random_programs/are_emitted*' \
		>"$logs/emitted" 2>&1 && echo "emitted: 200 as C agree" || { head -n 60 "$logs/emitted"; failed="$failed emitted"; }
fi
if wants ir; then
	if GRADUS_ORACLE=${GRADUS_ORACLE:-20000} GRADUS_ORACLE_SEED=$seed build/tests/test_ir_oracle >"$logs/ir" 2>&1; then
		sed -n 's/^\([0-9]* functions,\)/ir: \1/p' "$logs/ir"
	else
		head -n 100 "$logs/ir"
		failed="$failed ir"
	fi
fi
if wants mutants; then
	spread mutants "${GRADUS_MUTANTS:-100000}" GRADUS_MUTANTS_FROM GRADUS_MUTANTS build/sanitize/tests/test_mutants
fi
if wants kills; then
	build release gradus
	kills=${GRADUS_KILLS:-1000}
	if (
		export GRADUS="$PWD/build/gradus" SOURCE_DIR="$PWD" CC="${CC:-cc}"
		export GRADUS_SEARCH_KILLS="${GRADUS_SEARCH_KILLS:-100}"
		GRADUS_KILLS=$((kills / 5 + 1)) sh tests/command/test_kill.sh && GRADUS_KILLS=$kills sh tests/command/test_resume.sh &&
			sh tests/command/test_archive.sh && sh tests/command/test_choose_archive.sh
	) >"$logs/kills" 2>&1
	then echo "kills: $kills, nothing lost"
	else tail -n 40 "$logs/kills"; failed="$failed kills"
	fi
fi
if wants lion; then
	build release gradus
	if GRADUS=build/gradus SOURCE_DIR=$PWD CC=${CC:-cc} GRADUS_LION=1 sh tests/command/test_discover_lion.sh >"$logs/lion" 2>&1
	then sed 's/^/lion: /' "$logs/lion"
	else tail -n 40 "$logs/lion"; failed="$failed lion"
	fi
fi
if wants choose; then
	build release test_choose_exhaustive
	if GRADUS_CHOOSE=1 build/tests/test_choose_exhaustive >"$logs/choose" 2>&1
	then sed -n 's/^\([0-9]* combinations, all\)/choose: \1/p' "$logs/choose"
	else tail -n 40 "$logs/choose"; failed="$failed choose"
	fi
fi
if wants fuzz; then
	build fuzz $(basename -s .c tests/fuzz/fuzz_*.c)
	for target in tests/fuzz/fuzz_*.c; do
		name=$(basename "$target" .c)
		sh scripts/fuzz.sh "$name" "${FUZZ_SECONDS:-600}" "$seed" || failed="$failed $name"
	done
fi
[ -z "$failed" ] || { echo "FAILED:$failed"; exit 1; }
