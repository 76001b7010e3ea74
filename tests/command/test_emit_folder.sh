# Where emitted C goes: an emission is written anew, nothing else is lost. What is said aloud: holes that no run fills. Objectives
# with much data.
. "$SOURCE_DIR/tests/command/lib.sh"

cat >rules.grad <<'E2'
optimizer holes(lr = 0.1) {
  learn rate = 0.25 in (0, 1)
  learn W : [2, 3] ~ normal(0, 1)
  x <- x - lr * rate * g * sum(W^2) * (1 - t / horizon)
}
objective table(n = 1000) {
  given A : [n] ~ normal(0, 1)
  param w : [4] = 1
  minimize sum(w^2) * sum(A^2)
}
E2

# An emission of the same rule with the same prefix is written anew, also in another precision; what was built or added stays.
expect 0 "$GRADUS" emit c adam -o here
: >here/main.c
: >here/adam.o
expect 0 "$GRADUS" emit c adam -o here --real f64
grep -q 'typedef double' here/adam.h || fail "not written anew"
[ -f here/main.c ] && [ -f here/adam.o ] || fail "a file of the user is gone"

# refused FOLDER ARGUMENTS...: exit 4, E0814, and not one byte of the folder changes
refused() {
	folder=$1
	shift
	cp -a "$folder" before
	expect 4 "$GRADUS" emit c "$@" -o "$folder"
	has err E0814
	diff -r --no-dereference before "$folder" >/dev/null || fail "$folder was touched: $*"
	rm -rf before
}
refused here lion
refused here adam --prefix other
refused here rosenbrock --prefix adam

# A file that was changed is kept, until --force.
echo '/* mine */' >>here/adam.c
refused here adam
expect 0 "$GRADUS" emit c adam -o here --force
lacks here/adam.c mine

# So is what no emission wrote, even under --force; beside it there is room.
mkdir work
echo 'my notes' >work/README.md
refused work adam
refused work adam --force
mv work/README.md work/notes
refused work adam
expect 0 "$GRADUS" emit c adam -o work --force
has work/notes 'my notes'

# A link to a file with what was emitted is written through. One to anything else is refused; --force puts a file in its place,
# and what it led to stays as it was.
expect 0 "$GRADUS" emit c adam -o reference --real f64
for name in adam.h manifest.json; do
	mv work/$name moved
	ln -s ../moved work/$name
	expect 0 "$GRADUS" emit c adam -o work --real f64
	[ -L work/$name ] || fail "$name: a link to what was emitted was replaced"
	cmp -s moved reference/$name || fail "$name: not written through the link"
	expect 0 "$GRADUS" emit c adam -o work
	rm work/$name
	mv moved work/$name
done
echo 'not yours' >foreign
cp foreign foreign.before
for target in ../foreign nowhere . adam.h; do
	rm work/adam.h
	ln -s $target work/adam.h
	refused work adam
	cmp -s foreign foreign.before || fail "what a link leads to was changed"
	expect 0 "$GRADUS" emit c adam -o work --force
	[ -f work/adam.h ] && [ ! -L work/adam.h ] || fail "link to $target: no file in its place under --force"
	cmp -s foreign foreign.before || fail "what a link leads to was changed under --force"
	[ ! -e work/nowhere ] || fail "written through a link that led nowhere"
done
# Where something else is refused, no link is taken away.
rm work/adam.h work/adam.c
ln -s ../foreign work/adam.h
mkdir work/adam.c
refused work adam --force
rmdir work/adam.c
expect 0 "$GRADUS" emit c adam -o work --force
# A manifest of another emission that a link leads to is not this one's.
expect 0 "$GRADUS" emit c lion -o other
cp other/manifest.json other.before
mv work/manifest.json moved
ln -s ../other/manifest.json work/manifest.json
refused work adam
refused work adam --force
cmp -s other/manifest.json other.before || fail "the manifest of another emission was written over"
rm work/manifest.json
mv moved work/manifest.json

# A pipe or a device in the place of a file is not waited for.
mkfifo work/pipe
for name in manifest.json adam.h; do
	mv work/$name moved
	ln -s pipe work/$name
	expect 4 timeout 20 "$GRADUS" emit c adam -o work
	has err E0814
	rm work/$name
	mkfifo work/$name
	expect 4 timeout 20 "$GRADUS" emit c adam -o work
	expect 4 timeout 20 "$GRADUS" emit c adam -o work --force
	rm work/$name
	mv moved work/$name
done
rm work/pipe
rm work/adam.h
mkdir work/adam.h
refused work adam --force
rmdir work/adam.h
for wrong in '{}' 'no json' '{"gradus": "0.1.0", "kind": "rule", "name": "adam", "prefix": "adam"}' '[]' \
	'{"gradus": "0.1.0", "kind": "rule", "name": "adam", "prefix": "adam", "files": {"../notes": {"xxh3": 3}}}'; do
	echo "$wrong" >work/manifest.json
	refused work adam
done
mkdir empty
expect 0 "$GRADUS" emit c adam -o empty
: >file
expect 4 "$GRADUS" emit c adam -o file
[ ! -s file ] || fail "a file was written over"

# An emission that was broken off, by whatever, before any of its files: made anew without a word, with whatever of it is there.
# What of it cannot be known (another version wrote it) --force writes over, as it says of itself that it was emitted.
for what in adam rosenbrock; do
	expect 0 "$GRADUS" emit c $what -o whole
	for first in whole/*; do
		rm -rf part
		mkdir part
		for file in whole/*; do
			cp "$file" part/
			[ "$file" = "$first" ] && break
		done
		[ "${first##*/}" = manifest.json ] || rm -f part/manifest.json
		expect 0 "$GRADUS" emit c $what -o part
		diff -r whole part >/dev/null || fail "$what: not whole after it was broken off at $first"
	done
	rm -rf part && mkdir part
	cp whole/manifest.json part/ # as it begins
	expect 0 "$GRADUS" emit c $what -o part
	rm part/manifest.json
	for file in part/*.h part/*.c; do echo "/* changed */" >>"$file"; done
	refused part $what
	expect 0 "$GRADUS" emit c $what -o part --force
	diff -r whole part >/dev/null || fail "$what: --force does not get out of it"
	rm -rf whole part
done

# Holes are named, with what stands in them.
expect 0 "$GRADUS" emit c rules.grad holes -o holes
has err '`holes` has holes, and no run fills them; they are emitted as they are written: rate = 0.25, W : [2, 3]'
has err '`horizon` is 100'
expect 0 "$GRADUS" emit c adam -o silent
lacks err holes

# Data take room and time in proportion.
seconds() { # N: of emitting n = N
	start=$(date +%s%N)
	expect 0 "$GRADUS" emit c rules.grad "table(n = $1)" -o "data$1"
	echo $((($(date +%s%N) - start) / 1000000))
}
seconds 1000 >/dev/null
small=$(seconds 20000)
large=$(seconds 200000)
[ "$large" -lt $((40 * (small + 20))) ] || fail "200000 numbers take $large ms, 20000 take $small ms"
small=$(wc -c <data20000/table_instance.h)
large=$(wc -c <data200000/table_instance.h)
[ "$large" -lt $((11 * small)) ] || fail "200000 numbers take $large bytes, 20000 take $small bytes"
expect 0 make -s -C data200000 test CC="$CC" CFLAGS=-O1
has out PASS

finish
