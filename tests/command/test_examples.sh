#!/bin/sh
# Every program of examples/ is without errors, its objectives have finite gradients, its rules take steps, and its
# experiments train.
. "$SOURCE_DIR/tests/command/lib.sh"

# names KIND FILE: what the file declares
names() {
	sed -n "s/^\(joint \)\{0,1\}$1 \([A-Za-z_0-9']*\).*/\2/p" "$2"
}

# What reads files needs them; without, it is only checked.
shared=${GRADUS_DATA:-$SOURCE_DIR/../shared/data}/vision/fashion-mnist

count=0
for file in "$SOURCE_DIR"/examples/*.grad "$SOURCE_DIR"/examples/*/*.grad; do
	case $file in */reproduce/*) continue ;; esac # test_reproduce.sh
	count=$((count + 1))
	set -- "$file"
	if grep -q '^  data ' "$file"; then
		expect 0 "$GRADUS" check "$file"
		[ -d "$shared" ] || {
			echo "SKIPPED: $file, whose data is not in $shared (GRADUS_DATA says where)"
			continue
		}
		set -- "$file" --data "$shared"
	fi
	expect 0 "$GRADUS" check "$@"
	expect 0 "$GRADUS" info "$@"
	learner=
	open_learner "$file" && learner=1
	[ -z "$learner" ] || for experiment in $(names experiment "$file"); do
		# An objective that a learner starts can be run once that is found; any will do.
		expect 0 "$GRADUS" train "$file" "$experiment" -o "learned-$count" --search 'evolve() for 2000 candidates'
		set -- "learned-$count/rule.grad"
	done
	for objective in $(names objective "$file"); do
		expect 0 "$GRADUS" eval "$@" "$objective" --json
		lacks out '"nan"'
		lacks out '"inf"'
		json_list gradient <out >"gradient"
		[ -s gradient ] || fail "no gradient of $objective in $file"
		expect 0 "$GRADUS" minimize "$@" "$objective" --with "gradient_descent(lr = 1e-3)" --steps 3
	done
	open=$(grep -c '^[^#]*discover(' "$file") fill= # an open expression is no rule by itself
	[ "$open" -eq 0 ] || fill=--fill=$(yes g | head -n "$open" | paste -sd '|' -)
	for rule in $(names optimizer "$file"); do
		expect 0 "$GRADUS" minimize logistic --file "$@" --with "$rule" --steps 3 --json $fill
		lacks out '"nan"'
	done
	for experiment in $([ -n "$learner" ] || names experiment "$file"); do
		few="--steps 3" how=
		grep -qE '^[^#]*(discover\(|choose \{)' "$file" && few= # a search has no steps of training
		grep -q '^  search .* candidates' "$file" && how='evolve() for 20 candidates'
		# shellcheck disable=SC2086
		expect 0 "$GRADUS" train "$@" "$experiment" -o "run-$count-$experiment" $few ${how:+--search "$how"}
		expect 0 "$GRADUS" check "run-$count-$experiment/rule.grad"
	done
done
[ "$count" -ge 8 ] || fail "only $count examples"

# The fit finds what is certified, and its standard errors.
file=$SOURCE_DIR/examples/fit.grad
expect 0 "$GRADUS" minimize "$file" radiation --with levenberg_marquardt --steps 20 --precision f64 --json
json_list x <out >found
printf '4.1745156725\n3.8604055871\n' >certified
near 1e-9 found certified
expect 0 "$GRADUS" eval "$file" radiation --at "$(paste -sd, found)" --json
{ json_value error_of_energy <out; json_value error_of_power <out; } >found
printf '0.0139564152964\n0.051726610913\n' >certified
near 1e-9 found certified
finish
