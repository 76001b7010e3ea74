#!/bin/sh
# examples/reproduce/run.sh NAME [--quick]: reproduces a published result, and prints what docs/reproductions.md shows.
# NAME is that of a file here. Every experiment is trained with three seeds, and all are compared in one table with rules that are tuned
# on the training problems. --quick does the same with one seed, a few steps and a few problems: that it runs, not what comes out.
# GRADUS may name the command, REPRODUCE_DIR where to write (default: build/reproduce/NAME), SEEDS which seeds, FASHION_MNIST and MNIST the
# folders of these images, as distributed (default: below ../shared/data/vision). Without images, what needs them is left out aloud.
set -eu
cd "$(dirname "$0")/../.."

name=${1:-}
quick=${2:-}
gradus=${GRADUS:-build/gradus}
out=${REPRODUCE_DIR:-build/reproduce/$name}
if [ ! -f "examples/reproduce/$name.grad" ] || { [ -n "$quick" ] && [ "$quick" != --quick ]; }; then
	echo "usage: run.sh NAME [--quick], with NAME one of: $(cd examples/reproduce && echo *.grad | sed 's/\.grad//g')" >&2
	exit 2
fi
if [ ! -x "$gradus" ]; then
	echo "run.sh: there is no $gradus; run 'make build' first, or set GRADUS" >&2
	exit 2
fi
if [ -e "$out" ]; then
	echo "run.sh: $out is there already" >&2
	exit 2
fi
mkdir -p "$out"
# All paths are absolute: `compare` runs where the folders are, so that tables have short names.
out=$(cd "$out" && pwd)
file=$PWD/examples/reproduce/$name.grad
case $gradus in
/*) ;;
*) gradus=$PWD/$gradus ;;
esac
seeds=${SEEDS:-0 1 2}
data= # the folder of what objectives read
fashion=$(cd "${FASHION_MNIST:-../shared/data/vision/fashion-mnist}" 2>/dev/null && pwd) || fashion=
digits=$(cd "${MNIST:-../shared/data/vision/mnist}" 2>/dev/null && pwd) || digits=
few_steps=
[ -z "$quick" ] || { seeds=0 few_steps="--steps 3"; }

# learn EXPERIMENT...: trains each with all seeds, into the folders EXPERIMENT-SEED; `runs` is then their list.
runs=
learn() {
	runs=
	for experiment in "$@"; do
		for seed in $seeds; do
			folder=$experiment-$seed
			started=$(date +%s)
			# shellcheck disable=SC2086
			"$gradus" train "$file" "$experiment" -o "$out/$folder" --seed "$seed" $few_steps \
				${data:+--data "$data"} >"$out/$folder.log" 2>&1 || {
				cat "$out/$folder.log" >&2
				return 1
			}
			echo "trained $experiment with seed $seed in $(($(date +%s) - started)) s"
			runs="$runs $folder"
		done
	done
}

# judge FAMILY STEPS TUNE TEST RULES [OPTION...]: compares `runs` on TEST unseen problems with RULES, tuned on TUNE others. All that
# `compare` says goes to FAMILY-STEPS.txt; the scores, what is solved, what becomes of longer runs, and what it cost are printed.
judge() {
	family=$1 steps=$2 tune=$3 test=$4 rules=$5
	shift 5
	table="$family-$steps${label:-}.txt"
	[ -z "$quick" ] || { tune=3 test=4; }
	# shellcheck disable=SC2086
	(cd "$out" && "$gradus" compare $runs --file "$file" --on "$family" --steps "$steps" --train "$tune" --test "$test" --against "$rules" "$@" \
		${data:+--data "$data"} >"$table" 2>compare.log) || {
		cat "$out/compare.log" >&2
		return 1
	}
	echo
	sed '/^Grids$/,$d; /^Margin of victory/,$d' "$out/$table"
}

# have_images: the folder of Fashion-MNIST is the data from here on. false: there is none, which is said.
have_images() {
	data=$fashion
	[ -n "$data" ] || echo "SKIPPED: no images of Fashion-MNIST; FASHION_MNIST names their folder"
	[ -n "$data" ]
}

constant=gradient_descent,momentum,nesterov,rmsprop,adam,adagrad
decaying="robbins_monro(base = adam),cosine(base = adam),cosine(base = momentum)"
searches=cg_wolfe,bfgs_wolfe,lbfgs_wolfe
pool=$constant,$decaying,$searches
published=gradient_descent,momentum,cg_polak_ribiere,lbfgs
[ -z "$quick" ] || pool=adam,lbfgs_wolfe

case $name in
li_malik)
	families="robust:robust_regression:120 net:small_net:80 logistic:logistic:90"
	[ -z "$quick" ] || families=robust:robust_regression:120
	for family in $families; do
		short=${family%%:*}
		rest=${family#*:}
		learn "${short}_backprop" "${short}_pes" "${short}_search"
		judge "${rest%%:*}" 40 "${rest#*:}" 100 "$published" --long
		judge "${rest%%:*}" 100 "${rest#*:}" 100 "$pool"
	done
	;;
warning)
	if [ -n "$quick" ]; then
		learn bare together
	else
		learn bare clipped selected many windows clock together
	fi
	judge robust_regression 40 90 100 adam --long
	;;
pes)
	learn influence influence_truncated schedule schedule_truncated
	for run in $runs; do
		echo "$run: $(sed -n 's/^  \([a-z]* = .*\)/\1/p' "$out/$run.log" | paste -s -d ' ')"
	done
	# The same schedules by the score of the paper: the sum over 100 steps.
	runs=$(for run in $runs; do case $run in schedule*) echo "$run" ;; esac; done)
	judge toy 100 1 1 "gradient_descent"
	;;
several)
	learn plain in_units
	[ -z "$quick" ] || {
		judge huber_regression 40 90 100 momentum
		exit 0
	}
	for family in robust_regression small_net logistic "robust_regression(d = 10)" "softmax_regression(d = 8, classes = 5)" huber_regression softmax_regression quadratic \
		"scaled(base = logistic)"; do
		judge "$family" 40 90 100 "momentum,adam,robbins_monro(base = adam),lbfgs_wolfe"
	done
	;;
andrychowicz)
	learn quadratics
	judge quadratic 100 64 100 "gradient_descent,momentum,nesterov,rmsprop,adam"
	have_images || exit 0
	learn network
	for family in sigmoid_images "sigmoid_images(hidden = 40)" deeper_sigmoid_images; do
		judge "$family" 100 8 16 "gradient_descent,momentum(beta = 0.9),rmsprop(beta = 0.99),adam(beta1 = 0.9, beta2 = 0.999)"
		[ -z "$quick" ] || break
	done
	;;
mlp_lopt)
	have_images || exit 0
	if [ -n "$quick" ]; then learn adafac; else learn mlp adafac; fi
	tuned="adam(beta1 = 0.9, beta2 = 0.999)"
	judge images 200 8 16 "$tuned"
	[ -z "$quick" ] || exit 0
	judge images 1000 8 16 "$tuned"
	judge "images(hidden = 128)" 200 8 16 "$tuned"
	judge deeper_images 200 8 16 "$tuned"
	data=$digits label=-mnist
	[ -n "$data" ] || { echo "SKIPPED: no images of MNIST; MNIST names their folder"; exit 0; }
	judge images 200 8 16 "$tuned"
	;;
hypergradient)
	learn rates
	judge "logistic" 100 90 100 "gradient_descent(lr = 0.01),tower(height = 1, lr = 0.01),tower(height = 2, lr = 0.01),tower(height = 3, lr = 0.01),gradient_descent,tower(height = 1),tower(height = 3)"
	;;
fitting)
	seeds=0 # nothing is drawn in this training
	learn damping
	judge adsorption 10 64 100 "levenberg_marquardt,lbfgs_wolfe,gauss_newton"
	judge adsorption 20 64 100 "levenberg_marquardt,lbfgs_wolfe,gauss_newton"
	# As C: the share of 10,000 problems that it solves in 10 evaluations, beside what Gauss and Newton's steps find in the end.
	"$gradus" emit c "$out/damping-0" --file "$file" --on adsorption --real f64 --prefix secant -o "$out/c" >/dev/null
	make -s -C "$out/c" CC="${CC:-cc}" test
	"${CC:-cc}" -O2 -std=c99 -Wall -Wextra -Werror -I"$out/c" examples/reproduce/fitting.c "$out/c/secant.c" "$out/c/secant_objective.c" -lm -o "$out/fitting"
	"$out/fitting"
	;;
esac
