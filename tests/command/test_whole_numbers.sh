#!/bin/sh
# Arithmetic on whole numbers is whole in every precision and whatever holds them: 2^53 + 1 is no double, 2^24 + 1 no float.
# What it should be says the arithmetic of the shell, of 64 bits.
. "$SOURCE_DIR/tests/command/lib.sh"

# The element a of an array of [a, b] in every way that a program has to make one: a line, and what the element is called.
cat >ways <<'EOT'
literals|let w : int[2] = [A, B]
variables|let a : int = A; let b : int = B; let w : int[2] = [a, b]
drawn|given w : int[2] ~ integer(A, A + 1)
stack|given a : int ~ integer(A, A + 1); let w : int[2] = [a, B]
nested|given q : int[2] ~ integer(A, A + 1); let v : int[2, 2] = stack(q, q); let w : int[2] = v[1]
mixed|given a : int ~ integer(A, A + 1); let v : int[2, 2] = [[a, B], [B, a]]; let w : int[2] = v[0]
chosen|let v : int[2] = [A, B]; let w : int[2] = where(v > 0, v, v)
NPY|data w : int[2] from "w.npy"
one column|data w : int[2] from "w.csv"
columns|data v : int[2, 2] from "v.csv"; let w : int[2] = v[0]
LIBSVM|data v : int[2, 2] from "w.svm"; let w : int[2] = v[0]
labels|data w : int[2] from "w.svm"
EOT

# An operation on the array w, element 0 of whose result is looked at, and the same for the shell, where a = w[0].
cat >operations <<'EOT'
w + 1|a + 1
1 - w|1 - a
w * 2|a * 2
3 * w|3 * a
w // 7|a / 7
w % 1001|a % 1001
w^1|a
w^0|1
-w|-a
abs(-w)|a
max(w, 5)|a
min(w, 2 * w)|a
where(w > 3, w, -w)|a
if 2 > 1 then w + 1 else w|a + 1
stack(w, w)[1]|a
(w + w) - w|a
w^2|a * a
w * w|a * a
EOT

# NUMBER WAY: all operations in one objective, as its reports, without what overflows
ask() {
	{
		echo "objective o() {"
		printf '%s' "$2" | sed "s/A/$1/g; s/B/$1/g" | tr ';' '\n'
		echo
		count=0
		while IFS='|' read -r expression shell; do
			case "$1,$shell" in 9007199254740993,"a * a") continue ;; esac
			count=$((count + 1))
			echo "  let e$count : int[2] = $expression"
			echo "  report r$count = e$count[0] % 1000"
		done <operations
		echo "  param x : real = 1"
		echo "  minimize x"
		echo "}"
	} >o.grad
	a=$1
	while IFS='|' read -r expression shell; do
		case "$1,$shell" in 9007199254740993,"a * a") continue ;; esac
		want=$((($shell) % 1000))
		[ "$want" -lt 0 ] && want=$((want + 1000)) # the language rounds down
		echo "$expression: $want"
	done <operations >want
	for how in "--precision f64" "--precision f32" "--precision f32 --interpret"; do
		expect 0 "$GRADUS" eval o.grad $how --json
		tr -d '\n' <out | sed 's/.*"reports": {\([^}]*\)}.*/\1/' | tr ',' '\n' | sed 's/.*: *//' >got
		cut -d'|' -f1 operations | head -n "$(wc -l <want)" | paste -d: - got | sed 's/:/: /' >told
		cmp -s told want || { fail "$1 by way of '$2' with $how:"; diff told want; }
	done
}

# w.npy of two numbers of 8 bytes
npy() {
	printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }" >w.npy
	for k in 1 2; do
		n=$1
		for byte in 1 2 3 4 5 6 7 8; do
			printf "\\$(printf %o $((n % 256)))" >>w.npy
			n=$((n / 256))
		done
	done
}

for number in 16777217 9007199254740993; do
	npy $number
	printf '%s\n' $number $number >w.csv
	printf 'p,q\n5,7\n%s,%s\n%s,1\n' $number $number $number | sed 2d >v.csv
	printf '%s 1:%s 2:%s\n' $number $number $number $number 3 4 >w.svm
	while IFS='|' read -r name way; do
		ask $number "$way"
	done <ways
done
finish
