#!/bin/sh
# Certified fits of the NIST reference data sets (StRD, nonlinear regression), from both starts, by the Levenberg-Marquardt of the library.
# The sets are no part of the project: they lie in the folder that GRADUS_DATA names, or beside it in shared/data.
: "${SOURCE_DIR:=$(cd "$(dirname "$0")/../.." && pwd)}" "${GRADUS:=$SOURCE_DIR/build/gradus}"
. "$SOURCE_DIR/tests/command/lib.sh"
sets=${GRADUS_DATA:-$SOURCE_DIR/../shared/data}/nist_strd
if [ ! -d "$sets" ]; then
	echo "SKIPPED: no sets of NIST in $sets"
	exit 0
fi

# fit SET MODEL: the model in terms of b and p[i]. Every parameter has to agree with the certified value in 6 digits.
fit() {
	file=$sets/$1.dat
	[ -f "$file" ] || { echo "SKIPPED: $1"; return; }
	first=$(sed -n 's/.*Data *(lines *\([0-9]*\) to.*/\1/p' "$file" | head -n 1)
	tail -n +"$first" "$file" | awk 'NF == 2 { print $1 "," $2 }' >"$1.csv"
	rows=$(wc -l <"$1.csv" | tr -d ' ')
	sed -n 's/^ *b[0-9]* *= *//p' "$file" >parameters
	count=$(wc -l <parameters | tr -d ' ')
	awk '{ printf "%.10g\n", $3 }' parameters >certified
	for start in 1 2; do
		values=$(awk -v k=$start '{ printf "%s%s", (NR > 1 ? ", " : ""), $k }' parameters)
		cat >"$1_$start.grad" <<PROGRAM
objective fit() {
  data D : [$rows, 2] from "$1.csv"
  param b : [$count] = [$values]
  let p[i] = D[i, 1]
  let r[i] = D[i, 0] - ($2)
  minimize sum(r^2)
  residuals r
}
PROGRAM
		expect 0 "$GRADUS" minimize "$1_$start.grad" fit --with "levenberg_marquardt()" --steps 300 --json
		tr '\n' ' ' <out | sed -n 's/.*"x": *\[\([^]]*\)\].*/\1/p' | tr ',' '\n' | tr -d ' ' | sed '/^$/d' >found
		paste certified found | awk -v set="$1 from start $start" '
			{ off = ($1 - $2) / $1; if (off < 0) off = -off; if (!(off <= 1e-6) || NF != 2) { print "    " set ": b" NR " is " $2 ", not " $1; bad = 1 } count++ }
			END { exit bad || count == 0 }' || fail "$1 from start $start"
	done
	fitted=$((fitted + 1))
}

fitted=0
fit Misra1a 'b[0] * (1 - exp(-b[1] * p[i]))'
fit Misra1b 'b[0] * (1 - (1 + b[1] * p[i] / 2)^(-2))'
fit Chwirut1 'exp(-b[0] * p[i]) / (b[1] + b[2] * p[i])'
fit Chwirut2 'exp(-b[0] * p[i]) / (b[1] + b[2] * p[i])'
fit DanWood 'b[0] * p[i]^b[1]'
fit Gauss1 'b[0] * exp(-b[1] * p[i]) + b[2] * exp(-(p[i] - b[3])^2 / b[4]^2) + b[5] * exp(-(p[i] - b[6])^2 / b[7]^2)'
fit Gauss2 'b[0] * exp(-b[1] * p[i]) + b[2] * exp(-(p[i] - b[3])^2 / b[4]^2) + b[5] * exp(-(p[i] - b[6])^2 / b[7]^2)'
fit Lanczos3 'b[0] * exp(-b[1] * p[i]) + b[2] * exp(-b[3] * p[i]) + b[4] * exp(-b[5] * p[i])'
[ "$fitted" -gt 0 ] || fail "no set was fitted"
finish
