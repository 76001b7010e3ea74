#!/bin/sh
# bench/seeds.sh [OUT [SEEDS [FAMILIES]]]: the demo's training with several seeds, each family's trained rules and the tuned
# pool in one comparison on 100 unseen problems. Mean f over evaluations 1 to 40 has to stay below the stated limits and
# below every rule of the pool; prints a table and exits with 1 where it does not.
#   sh bench/seeds.sh build/seeds "0 1 2 3 4" "robust logistic net"
set -eu
cd "$(dirname "$0")/.."
gradus=${GRADUS:-build/gradus}
out=${1:-build/seeds}
seeds=${2:-0 1 2 3 4}
families=${3:-robust logistic net}
mkdir -p "$out"

# LABEL MEAN of every rule of a comparison
means() {
	awk '/"label":/ { gsub(/[",]/, ""); label = $2 }
		/"score": \{/ { wanted = 1 }
		wanted && /"mean":/ { gsub(/,/, ""); print label, $2; wanted = 0 }' "$1"
}

failed=0
for family in $families; do
	case $family in
	robust) objective=robust_regression train=120 limit=0.070 ;;
	logistic) objective=logistic train=90 limit=0.428 ;;
	net) objective=small_net train=80 limit=0.510 ;;
	esac
	folders=""
	for seed in $seeds; do
		folder=$out/$family-$seed
		if [ ! -s "$folder/result.json" ]; then
			"$gradus" train "examples/$family.grad" -o "$folder" --seed "$seed" >"$folder.log" 2>&1
		fi
		folders="$folders $folder"
	done
	# shellcheck disable=SC2086
	"$gradus" compare $folders --on $objective --steps 40 --train $train --test 100 \
		--against gradient_descent,momentum,nesterov,rmsprop,adam,adagrad -o "$out/$family.json" --json >/dev/null 2>&1
	echo "$family (limit $limit), trained in $(for folder in $folders; do
		sed -n 's/^ "seconds": \([0-9]*\).*/\1/p' "$folder/result.json"
	done | tr '\n' ' ')s"
	means "$out/$family.json" | awk -v limit=$limit '
		/^policy/ { if ($2 > worst) worst = $2; if (!($2 <= limit)) bad = 1 }
		!/^policy/ && (best == "" || $2 < best) { best = $2; name = $1 }
		{ printf "  %-18s %s\n", $1, $2 }
		END {
			if (!(worst < best)) bad = 1
			printf "  %s: worst seed %s, best of the pool %s (%s)\n", bad ? "FAILED" : "ok", worst, best, name
			exit bad
		}' || failed=1
done
exit $failed
