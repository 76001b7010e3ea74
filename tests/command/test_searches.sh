# L-BFGS with a search for the strong Wolfe conditions, Newton's method in a trust region and Levenberg-Marquardt find the published
# minima of classical problems, from their standard starts
# where they have one (More, Garbow and Hillstrom 1981; Jamil and Yang 2013). A problem with local minima that are published has them
# all. Three of the list are so badly scaled that a run of 300 steps is not enough for the first two: Powell's, Brown's and Meyer's.
# Levenberg-Marquardt, for sums of squares, finds the former two; large residuals (Brown and Dennis, penalty I) make it slow.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >minima <<'E2'
rosenbrock 0
rosenbrock(n=10) 0 3.98657911
freudenstein_roth 0 48.9842
jennrich_sampson 124.362
helical_valley 0
bard 8.21487e-3 17.4286
gaussian 1.12793e-8
box_three 0
powell_singular 0
powell_singular(blocks=3) 0
wood 0
kowalik_osborne 3.07505e-4 1.02734e-3
brown_dennis 85822.2
biggs_exponentials 0 5.65565e-3
gulf_research 0
osborne_exponentials 5.46489e-5
osborne_bells 4.01377e-2
watson 2.28767e-3
penalty_exponentials 9.37629e-6
brown_almost_linear 0
discrete_integral 0
penalty_function 2.24997e-5
variably_dimensioned 0
trigonometric 0 2.79506e-5
discrete_boundary 0
broyden_tridiagonal 0
broyden_banded 0
chebyquad 0
chebyquad(n=8) 3.51687e-3
booth 0
branin 0.397887
matyas 0
zakharov 0
himmelblau 0
trid -16
trid(n=10) -210
dixon_price 0 0.6666667
E2

# search RULE FILE AT_LEAST
search() {
	found=0
	while read -r problem minima; do
		expect 0 "$GRADUS" minimize "$problem" --with "$1" --steps 400 --precision f64 --json
		got=$(json_list f <out | awk 'NF { last = $1 } END { print last }')
		# shellcheck disable=SC2086
		if echo $got $minima | awk '{ for (i = 2; i <= NF; i++) { d = $1 - $i; s = $i < 0 ? -$i : $i; if (d < 0) d = -d; if (d <= 1e-5 * s + 1e-10) exit 0 } exit 1 }'; then
			found=$((found + 1))
		else
			fail "$1: $problem ends at $got; its minima are $minima"
		fi
	done <"$2"
	[ "$found" -ge "$3" ] || fail "$1: only $found minima found"
}
search lbfgs_wolfe minima 25
search newton_cg minima 25
{
	grep -vE '^(branin|matyas|trid|brown_dennis|penalty_function)' minima
	echo powell_badly_scaled 0
	echo brown_badly_scaled 0
} >sums_of_squares
search levenberg_marquardt sums_of_squares 24
finish
