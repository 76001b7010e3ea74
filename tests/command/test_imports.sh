#!/bin/sh
# Imports and weights: what may be read, and a run that keeps its sources with their folders, so that it works without those
# that it was made from.
. "$SOURCE_DIR/tests/command/lib.sh"
mkdir -p tree/lib tree/sub
cat >tree/lib/family.grad <<'GRAD'
objective shifted_bowl(n = 3) {
  given c : [n] ~ normal(0, 1)
  param w : [n] = 0
  minimize sum((w - c)^2)
}
GRAD
program() { # program IMPORT...
	for one; do printf 'import "%s"\n' "$one"; done
	cat <<'GRAD'
optimizer mine() {
  learn rate = 0.1 in (1e-3, 10)
  x <- x - rate * g
}
experiment e {
  train    mine()
  on       shifted_bowl()
  problems 8 train, 8 select, 8 test
  horizon  5
  update   adam(lr = 3e-2) for 5 steps
  against  gradient_descent
}
GRAD
}
program lib/family.grad >tree/main.grad
program ../lib/family.grad >tree/sub/main.grad
program "$work/tree/lib/family.grad" >tree/absolute.grad
program middle.grad >tree/chain.grad
echo 'import "sub/../lib/../lib/family.grad"' >tree/middle.grad
program ./lib/family.grad lib/family.grad sub/../lib/family.grad >tree/twice.grad

expect 0 "$GRADUS" train tree/main.grad e -o run-main
expect 0 "$GRADUS" train tree/sub/main.grad e -o run-up
expect 0 "$GRADUS" train tree/absolute.grad e -o run-absolute
expect 0 "$GRADUS" train tree/chain.grad e -o run-chain
expect 0 "$GRADUS" train tree/twice.grad e -o run-twice
(cd tree && "$GRADUS" train - e -o ../run-piped <main.grad) >out 2>err || fail "a program from the standard input"
(cd tree/sub && "$GRADUS" train main.grad e -o ../../run-inside) >out 2>err || fail "a program with an import above it"
cat tree/main.grad >tree/stdin.grad
(cd tree && sed 's#lib/family.grad#stdin.grad#;/^optimizer/,$d' main.grad | "$GRADUS" train - e -o ../run-named) >out 2>err ||
	fail "standard input beside stdin.grad"
for copy in run-main/sources/main.grad run-main/sources/lib/family.grad run-up/sources/sub/main.grad run-up/sources/lib/family.grad \
	run-chain/sources/middle.grad run-piped/sources/stdin.grad run-named/sources/stdin-2.grad; do
	[ -s $copy ] || fail "$copy is missing"
done
[ "$(find run-twice/sources -name family.grad | wc -l)" -eq 1 ] || fail "one file was copied twice"
mv tree tree.away
for run in main up absolute chain twice piped inside named; do
	expect 0 "$GRADUS" compare run-$run
	[ -s run-$run/comparison.json ] || fail "no comparison of run-$run"
	expect 0 "$GRADUS" emit c run-$run -o c-$run
	expect 0 "$GRADUS" minimize "quadratic(n = 3)" --with run-$run --steps 3
	mkdir moved
	mv run-$run moved
	expect 0 "$GRADUS" compare moved/run-$run/
	mv moved/run-$run .
	rmdir moved
done
expect 0 "$GRADUS" check run-up/sources/sub/main.grad
mv tree.away tree

# Weights that a rule starts from are kept, too.
mkdir -p start/data
cat >start/first.grad <<'GRAD'
optimizer net() {
  learn W : [2] = [0.1, 0.2]
  x <- x - 0.01 * (W[0] * g + W[1])
}
experiment e {
  train    net()
  on       logistic(n = 5)
  problems 4 train, 4 select, 4 test
  horizon  3
  update   adam(lr = 3e-2) for 2 steps
}
GRAD
expect 0 "$GRADUS" train start/first.grad -o start/run
cp start/run/weights.safetensors start/data/w.safetensors
sed 's#W : \[2\] = .*#W : [2] from "data/w.safetensors"#' start/first.grad >start/second.grad
expect 0 "$GRADUS" train start/second.grad -o run-second
cmp run-second/sources/data/w.safetensors start/data/w.safetensors || fail "weights were not kept"
mv start start.away
expect 0 "$GRADUS" compare run-second
expect 0 "$GRADUS" check run-second/sources/second.grad
mv start.away start

# What cannot be imported: said at the import, at once.
mkfifo pipe.grad
mkdir folder.grad
ln -s loop.grad loop.grad
head -c 16000001 /dev/zero | tr '\0' '#' >large.grad
refused() { # refused PATH WHY
	printf 'import "%s"\n' "$1" >importer.grad
	expect 1 timeout 10 "$GRADUS" check importer.grad
	has err "" && has out "E0320"
	has out "cannot read \`$1\`: $2"
	printf 'optimizer o() {\n  learn W : [2] from "%s"\n  x <- x - W[0] * g\n}\n' "$1" >weights.grad
	expect 1 timeout 10 "$GRADUS" check weights.grad
	has out "E0268"
	[ -z "${3:-}" ] || has out "$3"
}
refused pipe.grad "it is not a regular file" "it is not a regular file"
refused folder.grad "it is a folder" "it is a folder"
refused loop.grad "Too many levels of symbolic links" "Too many levels"
refused none.grad "No such file or directory" "No such file"
refused /dev/zero "it is not a regular file" "it is not a regular file"
refused large.grad "it is larger than 16 MB" "no header fits in it"
head -c 16000000 large.grad >fits.grad
expect 0 "$GRADUS" check fits.grad
expect 4 "$GRADUS" check large.grad
has err "cannot read large.grad: it is larger than 16 MB"
expect 4 "$GRADUS" check folder.grad
has err "it is a folder"
expect 4 timeout 60 "$GRADUS" check /dev/zero
has err "it is larger than 16 MB"
head -c 17000000 /dev/zero | "$GRADUS" check - >out 2>err
[ $? -eq 4 ] || fail "an endless standard input"
# ... but what the user names may be a pipe.
cat tree/lib/family.grad >pipe.grad &
expect 0 timeout 10 "$GRADUS" check pipe.grad
"$GRADUS" check /dev/stdin <tree/lib/family.grad >out 2>err || fail "/dev/stdin"
cat tree/lib/family.grad | "$GRADUS" check /dev/stdin >out 2>err || fail "/dev/stdin as a pipe"

# Files that import one another, by ever longer names, and a chain of a thousand.
mkdir -p ring/a ring/b
printf 'import "../b/two.grad"\nconst one = two\n' >ring/a/one.grad
printf 'import "../a/one.grad"\nconst two = 2\n' >ring/b/two.grad
expect 0 timeout 10 "$GRADUS" check ring/a/one.grad
printf 'import "self.grad"\nconst s = 1\n' >self.grad
expect 0 timeout 10 "$GRADUS" check ./self.grad
mkdir many
i=0
while [ $i -lt 1000 ]; do
	printf 'import "%d.grad"\nconst c%d = 1\n' $((i + 1)) $i >many/$i.grad
	i=$((i + 1))
done
echo 'const last = 1' >many/1000.grad
expect 0 timeout 10 "$GRADUS" check many/0.grad
finish
