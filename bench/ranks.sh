#!/bin/sh
# bench/ranks.sh [STEPS]: what a second process gains. The same training by one process with one thread, and by mpirun with two such
# processes, in turns; the efficiency is the time of one over twice the time of two, of the least of three each. Needs two idle cores.
set -eu
cd "$(dirname "$0")/.."
gradus=${GRADUS:-$PWD/build/gradus}
steps=${1:-300}
command -v mpirun >/dev/null || {
	echo "SKIPPED: there is no mpirun (Debian: openmpi-bin)"
	exit 0
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/ranks.grad" <<'END'
experiment backprop {
  train    policy()
  on       robust_regression()
  problems 64 train
  horizon  40
  estimate backprop(window = 20)
  update   adam(lr = 0.01) for 100 steps
}
experiment pes {
  train    policy()
  on       robust_regression()
  problems 32 train
  horizon  40
  estimate pes(window = 10, particles = 16)
  update   adam(lr = 0.01) for 100 steps
}
END
# trained COUNT EXPERIMENT: seconds of training, compiling and starting aside
trained() {
	rm -rf "$work/run"
	if [ "$1" -eq 1 ]; then
		"$gradus" train "$work/ranks.grad" "$2" -o "$work/run" --threads 1 --steps "$steps" >/dev/null 2>&1
	else
		mpirun --oversubscribe --allow-run-as-root -n "$1" "$gradus" train "$work/ranks.grad" "$2" -o "$work/run" \
			--threads 1 --steps "$steps" >/dev/null 2>&1
	fi
	sed -n 's/^ *"seconds": \([0-9.e+-]*\).*/\1/p' "$work/run/result.json"
}
for experiment in backprop pes; do
	one='' two=''
	for _ in 1 2 3; do
		one="$one $(trained 1 $experiment)"
		two="$two $(trained 2 $experiment)"
	done
	echo "$one |$two" | awk -v name=$experiment '{
		for (i = 1; i <= 3; i++) if (i == 1 || $i < a) a = $i
		for (i = 5; i <= 7; i++) if (i == 5 || $i < b) b = $i
		printf "%-10s one process %.2f s, two %.2f s: efficiency %.0f %%\n", name, a, b, 100 * a / (2 * b)
	}'
done
