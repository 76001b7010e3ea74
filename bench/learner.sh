#!/bin/sh
# bench/learner.sh [OUT [SEEDS [RANDOM [SECONDS]]]]: examples/linear_regression.grad with several seeds on one core, which all have to be solved
# within 120 s of processor time each; then random search by the same machine, which with RANDOM seeds of SECONDS each has to take at least 5 times as many
# programs for a solution. Prints a line for each (name, seconds, programs, solved) and the ratio; ends with 1 where something is not so.
#   sh bench/learner.sh build/learner "0 1 2 3 4 5 6 7 8 9" "0 1 2 3" 300
set -eu
cd "$(dirname "$0")/.."
gradus=${GRADUS:-build/gradus}
out=${1:-build/learner}
seeds=${2:-0 1 2 3 4 5 6 7 8 9}
random=${3:-0 1 2 3}
seconds=${4:-300}
mkdir -p "$out"

# row FOLDER SECONDS: how many programs were made, and whether it is solved
row() {
	awk -v name="$1" -v took="$2" '
		/ programs were made, / {
			text = $0
			sub(/.* beginnings?, /, "", text)
			sub(/ programs were made.*/, "", text)
			gsub(/[^0-9]/, "", text)
		}
		/: solved$/ { solved = 1 }
		END { print name, took, text, solved + 0 }' "$out/$1.txt"
}

: >"$out/evolved"
for seed in $seeds; do
	rm -rf "$out/evolved-$seed"
	# `times` ends with the processor time of what the shell has run: 0m9.170s 0m0.030s
	took=$( (timeout -s INT 600 "$gradus" train examples/linear_regression.grad -o "$out/evolved-$seed" --threads 1 \
		--seed "$seed" >"$out/evolved-$seed.txt" 2>"$out/log" || true
	times) | awk 'END { split($1, t, /[ms]/); print 60 * t[1] + t[2] }')
	row "evolved-$seed" "$took" | tee -a "$out/evolved"
done
: >"$out/drawn"
for seed in $random; do
	rm -rf "$out/drawn-$seed"
	timeout -s INT "$seconds" "$gradus" train examples/linear_regression.grad -o "$out/drawn-$seed" --threads 1 \
		--seed "$seed" --search "random for 1000000000000 candidates until 1e-4" >"$out/drawn-$seed.txt" 2>"$out/log" || true
	row "drawn-$seed" "$seconds" | tee -a "$out/drawn"
done
# Where nothing that was drawn is a solution, their number is a lower bound of what one takes.
awk 'FILENAME ~ /evolved$/ { runs++; made += $3; solved += $4; time += $2; if ($2 > worst) worst = $2 }
	FILENAME ~ /drawn$/ { random += $3; found += $4 }
	END {
		if (!solved) { print "nothing was solved"; exit 1 }
		each = made / solved
		ratio = random / (found ? found : 1) / each
		printf "evolved: %d of %d solved, %.3g programs each, %.1f s on average, %.1f s at most\n", solved, runs, each, time / runs, worst
		printf "drawn: %d solved among %.3g programs\n", found, random
		printf "evolution takes %s%.1f times fewer programs for a solution\n", found ? "" : "at least ", ratio
		exit solved < runs || worst > 120 || ratio < 5
	}' "$out/evolved" "$out/drawn"
