#!/bin/sh
# gradus eval: values and gradients against closed forms.
. "$SOURCE_DIR/tests/command/lib.sh"

# a b: at x = (a, b), the value of Rosenbrock's function and its gradient, one number per line
rosenbrock() {
	awk -v a="$1" -v b="$2" 'BEGIN {
		r = b - a * a
		printf "%.17g\n%.17g\n%.17g\n", 100 * r * r + (1 - a) * (1 - a), -400 * a * r - 2 * (1 - a), 200 * r }'
}

beale() {
	awk -v x="$1" -v y="$2" 'BEGIN {
		p = 1.5 - x + x * y; q = 2.25 - x + x * y * y; r = 2.625 - x + x * y * y * y
		printf "%.17g\n", p * p + q * q + r * r
		printf "%.17g\n", 2 * p * (y - 1) + 2 * q * (y * y - 1) + 2 * r * (y * y * y - 1)
		printf "%.17g\n", 2 * p * x + 4 * q * x * y + 6 * r * x * y * y }'
}

for objective in rosenbrock beale; do
	for point in "-1.2 1" "1 1" "0 0" "0.3 -2.5" "3 0.5"; do
		set -- $point
		expect 0 "$GRADUS" eval $objective --at "$1,$2" --json
		{ json_value value <out; json_list gradient <out; } >got
		$objective "$1" "$2" >want
		near 1e-13 got want
		json_list x <out >got
		printf '%s\n' "$1" "$2" >want
		near 0 got want
		expect 0 "$GRADUS" eval $objective --at "$1 $2" --json --precision f32
		{ json_value value <out; json_list gradient <out; } >got
		$objective "$1" "$2" >want
		near 2e-5 got want
	done
done

# the evaluator, machine code and strict machine code
expect 0 "$GRADUS" eval logistic --json
{ json_value value <out; json_list gradient <out; } >got
expect 0 "$GRADUS" eval logistic --json --interpret
{ json_value value <out; json_list gradient <out; } >want
near 1e-12 got want
expect 0 "$GRADUS" eval logistic --json --instance 7
{ json_value value <out; json_list gradient <out; } >got
cmp -s got want && fail "two instances are the same problem"
expect 0 "$GRADUS" eval logistic --json --seed 1
{ json_value value <out; json_list gradient <out; } >got
cmp -s got want && fail "two seeds make the same problem"

# a file of one's own: parameters in declaration order, row-major; reports; hyperparameters by --set
cat >mine.grad <<'GRAD'
objective mine(c = 2) {
  param W : [2, 3] = 1
  param b : [2] = 0
  minimize sum[i, j]((i + 1) * W[i, j]^2) + c * b[1]
  report first = b[0] + W[0, 1]
}
GRAD
expect 0 "$GRADUS" eval mine.grad --at 1,2,3,4,5,6,7,8 --json
{ json_value value <out; json_list gradient <out; } >got
printf '%s\n' 184 2 4 6 16 20 24 0 2 >want
near 1e-14 got want
has out '"reports": {"first": 9}'
expect 0 "$GRADUS" eval mine.grad mine --at 1,2,3,4,5,6,7,8 --set c=-1 --json
json_value value <out >got
echo 160 >want
near 1e-14 got want
expect 0 "$GRADUS" eval mine.grad --at=1,2,3,4,5,6,7,8
has out "W[1, 2]"
has out "first = 9"
expect 2 "$GRADUS" eval mine.grad --at 1,2,3
has err "are 8"
expect 2 "$GRADUS" eval mine.grad --at 1,two
has err "two"
expect 2 "$GRADUS" eval mine.grad yours
expect 2 "$GRADUS" eval mine.grad --set c
expect 2 "$GRADUS" eval mine.grad --set d=3
has err "has no parameter"

# Derivatives do not lead through what is drawn, whether once or at every step, and in C as here; but through a batch that moves with a
# parameter. `q`: what draws it; `want`: value and gradient at w = 3, each with noise held.
while read -r q want; do
	cat >drawn.grad <<-END
		objective drawn(base = inner) {
		  minimize base
		}
		objective inner() {
		  given p : real ~ uniform(0.5, 1)
		  param w : real = 3
		  $(echo "$q" | tr '_' ' ')
		  let E = (q - p) * w + p * w^2
		  minimize grad(E, p) + 0 * q
		}
	END
	for name in inner drawn; do
		for way in "" --strict --interpret; do
			expect 0 "$GRADUS" eval drawn.grad $name --json $way
			{ json_value value <out; json_list gradient <out; } >got
			echo "$want" | tr ',' '\n' >want
			near 1e-12 got want
		done
	done
done <<'END'
given_q_:_real_~_normal(p,_1) 6,5
batch_q_:_real_~_normal(p,_1) 6,5
batch_q_:_real_~_gamma(1_+_p,_1) 6,5
batch_q_:_real_~_normal(p_*_w,_1) 15,11
END
cat >drawn.grad <<-END
	objective drawn() {
	  given p : real ~ uniform(0.5, 1)
	  batch q : real ~ normal(p, 1)
	  param w : real = 3
	  minimize grad((q - p) * w + p * w^2, p)
	}
END
expect 0 "$GRADUS" emit c drawn -f drawn.grad -o drawn-c --real f64
cat >drawn-c/main.c <<-END
	#include "drawn.h"
	#include <stdio.h>
	#include <stdlib.h>
	int main(void) {
		drawn_data data = {0.75};
		drawn_batch batch;
		double x[1] = {3}, g[1];
		void *work = malloc(drawn_work_size() + 64);
		drawn_draw(&data, 0, 0, 1, &batch, work);
		printf("%.17g\\n", drawn_value_gradient(&data, &batch, x, work, g));
		printf("%.17g\\n", g[0]);
		free(work);
		return 0;
	}
END
"${CC:-cc}" -o drawn-c/main -Idrawn-c drawn-c/main.c drawn-c/drawn.c -lm && drawn-c/main >got
printf '6\n5\n' >want
near 1e-12 got want
finish
