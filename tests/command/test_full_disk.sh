#!/bin/sh
# Where there is no room, nothing is lost and nothing is left over: on a small disk of its own, and under a limit for the size
# of files. The exit code is 4 and the message names the file.
. "$SOURCE_DIR/tests/command/lib.sh"
cat >train.grad <<'GRAD'
optimizer net(width = 4) {
  learn rate = 0.01 in (0, 1)
  learn W : [width, 2] ~ normal(0, 0.1)
  x <- x - rate * g * (1 + mean(W))
}
experiment short {
  train    net()
  on       logistic(n = 5)
  problems 4 train, 4 select, 4 test
  horizon  3
  update   adam(lr = 0.05) for 2000 steps
}
experiment wide {
  train    net(width = 20000)
  on       logistic(n = 5)
  problems 4 train, 4 select, 4 test
  horizon  3
  update   adam(lr = 0.05) for 3 steps
}
GRAD
leftovers() { # leftovers FOLDER
	found=$(find "$1" -name '.gradus-*' 2>/dev/null)
	[ -z "$found" ] || fail "left behind: $found"
}

# ---- a limit for the size of files: SIGXFSZ is no death, but a file that cannot be written ----
limited() { # limited BLOCKS COMMAND...: with files of at most so many blocks of 512 bytes
	blocks=$1
	shift
	sh -c 'ulimit -f "$1" || exit 99; shift; exec "$@"' limited "$blocks" "$@"
}
limited 1 "$GRADUS" minimize rosenbrock --with adam --steps 300 --svg out.svg >/dev/null 2>/dev/null
[ $? -eq 4 ] || fail "a drawing over the limit: $?"
[ ! -e out.svg ] || fail "a part of a drawing"
limited 1 "$GRADUS" train train.grad short -o none/run >/dev/null 2>&1
[ $? -eq 4 ] || fail "training under a limit for its first files: $?"
[ ! -e none ] || fail "a start that failed left $(find none)"
# Room for the rule, not for 2000 lines: the lines give way, and the rule is saved.
limited 80 "$GRADUS" train train.grad short -o some >out 2>err
[ $? -eq 4 ] || fail "training under a limit for its lines: $?"
has err "some/metrics.jsonl ends before the training does: File too large"
has out "the rule: some/rule.grad"
expect 0 "$GRADUS" check some/rule.grad
expect 0 "$GRADUS" minimize "logistic(n = 5)" --with some --steps 3
[ -s some/result.json ] || fail "no result"
[ "$(tail -c 1 some/metrics.jsonl)" = "" ] || fail "a part of a line"
expect 0 "$GRADUS" plot some
# No room for the weights (40000 numbers of 4 bytes): said before training begins.
limited 200 "$GRADUS" train train.grad wide -o wide >out 2>err
[ $? -eq 4 ] || fail "training without room for its result: $?"
has err "no room for the result in wide: File too large"
[ ! -e wide ] || fail "a start that failed left $(find wide)"
leftovers .

# A search whose archive finds no room ends with its best so far and an error, and is no finished run: it goes on where there is room, to what it
# would have been.
cat >search.grad <<'GRAD'
joint optimizer open(lr = 1.0) {
  state m = 0
  m <- 0.5 * m + 0.5 * g
  x <- x - lr * discover(m, g, f, 1, size = 5)
}
experiment search {
  train    open()
  on       robust_regression(n = 10)
  problems 8 train, 4 select, 4 test
  horizon  10
}
GRAD
expect 0 "$GRADUS" train search.grad -o whole
"$GRADUS" front whole --best 100000 --csv >whole.csv
for blocks in 100 200 400; do
	limited $blocks "$GRADUS" train search.grad -o short >out 2>err
	[ $? -eq 4 ] || fail "a search under a limit of $blocks blocks for its archive: $(cat err)"
	has err 'short/archive.sqlite'
	if [ -e short ]; then
		has out 'the archive is not whole: this is saved in short; to go on:'
		expect 0 "$GRADUS" check short/rule.grad
		[ ! -e short/result.json ] || fail "a finished run without its archive"
		expect 0 "$GRADUS" resume short
		cmp -s short/rule.grad whole/rule.grad || fail "$blocks blocks: another rule"
		"$GRADUS" front short --best 100000 --csv >short.csv
		cmp -s short.csv whole.csv || fail "$blocks blocks: another archive"
	fi
	rm -rf short
done

# Only result.json fails, for a folder is in its place: the rule is saved, and that is what is said.
sed 's/for 2000 steps/for 1000000 steps/' train.grad >long.grad
"$GRADUS" train long.grad short -o part >out 2>err &
pid=$!
tries=0
while [ ! -s part/rule.grad ] && [ $tries -lt 300 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
mkdir part/result.json
kill -INT $pid
wait $pid
code=$?
[ $code -eq 4 ] || fail "no room for result.json: $code"
has err "part/result.json: Is a directory"
has out "the rule: part/rule.grad"
has out "only part/result.json could not be written"
lacks out "could not be saved"
rmdir part/result.json
expect 0 "$GRADUS" check part/rule.grad
expect 0 "$GRADUS" minimize "logistic(n = 5)" --with part --steps 3

# ---- a disk of its own ----
mkdir disk
if ! mount -t tmpfs -o size=256k none disk 2>/dev/null; then
	echo "SKIPPED: a small disk (no right to mount one here)"
	finish
fi
trap 'umount -l "$work/disk"; rm -rf "$work"' EXIT
free_blocks() {
	df -k disk | awk 'NR == 2 { print $4 }'
}
fill() { # fill LEAVE: all of the disk but so many kB
	rm -f disk/ballast
	count=$(($(free_blocks) - $1))
	[ $count -gt 0 ] && dd if=/dev/zero of=disk/ballast bs=1024 count=$count 2>/dev/null
}

fill 0
expect 4 "$GRADUS" minimize rosenbrock --with adam --steps 300 --svg disk/out.svg
has err "disk/out.svg: No space left on device"
[ ! -e disk/out.svg ] || fail "a part of a drawing on a full disk"
echo old >old.svg
rm disk/ballast
cp old.svg disk/out.svg
fill 0
expect 4 "$GRADUS" minimize rosenbrock --with adam --steps 300 --svg disk/out.svg
[ "$(cat disk/out.svg)" = old ] || fail "a full disk took the old file"
rm disk/out.svg

# A disk with room for bytes but for no more files: no new file can be begun beside the old one, which has to stay.
mkdir inodes
if mount -t tmpfs -o size=4m,nr_inodes=8 none inodes 2>/dev/null; then
	trap 'umount -l "$work/inodes"; umount -l "$work/disk"; rm -rf "$work"' EXIT
	cp old.svg inodes/out.svg
	number=0
	while mkdir inodes/$number 2>/dev/null; do
		number=$((number + 1))
	done
	for target in inodes/out.svg link.svg; do
		[ $target = inodes/out.svg ] || ln -s inodes/out.svg $target
		expect 4 "$GRADUS" minimize rosenbrock --with adam --steps 300 --svg $target
		has err "$target: No space left on device"
		[ "$(cat inodes/out.svg)" = old ] || fail "a disk without room for files took the old file"
	done
	leftovers inodes
	rmdir inodes/0
	expect 0 "$GRADUS" minimize rosenbrock --with adam --steps 300 --svg inodes/out.svg
else
	echo "SKIPPED: a disk without room for files (no right to mount one here)"
fi
for room in 0 4 8 12 16 20 24 28 32 40; do
	fill $room
	"$GRADUS" train train.grad short -o disk/a/run --steps 1 >out 2>err
	code=$?
	case $code in
	0) [ -s disk/a/run/result.json ] || fail "$room kB: no result" ;;
	4) [ ! -e disk/a ] || [ -s disk/a/run/rule.grad ] || fail "$room kB: a start that failed left $(find disk/a)" ;;
	*) fail "$room kB: exit code $code"; cat err ;;
	esac
	rm -rf disk/a
done
leftovers disk

# The disk fills up while training goes on, by its own lines: they give way, and the rule is saved in the room that was kept.
sed 's/for 2000 steps/for 6000 steps/' train.grad >long.grad
fill 120
expect 4 "$GRADUS" train long.grad short -o disk/run
has err "disk/run/metrics.jsonl ends before the training does: No space left on device"
has out "the rule: disk/run/rule.grad"
[ "$(free_blocks)" -lt 60 ] || fail "the disk was not full: $(free_blocks) kB"
expect 0 "$GRADUS" check disk/run/rule.grad
expect 0 "$GRADUS" minimize "logistic(n = 5)" --with disk/run --steps 3
[ -s disk/run/result.json ] || fail "no result on a full disk"
leftovers disk
rm -rf disk/run

# The folder goes away while training goes on: what was learned is printed, with all its numbers.
fill 120
sed 's/for 2000 steps/for 1000000 steps/' train.grad >long.grad
"$GRADUS" train long.grad short -o disk/run >out 2>err &
pid=$!
tries=0
while [ ! -s disk/run/rule.grad ] && [ $tries -lt 300 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
rm -rf disk/run
kill -INT $pid
wait $pid
code=$?
[ $code -eq 4 ] || fail "a folder that went away: $code"
has out "optimizer net"
has out "# W, row by row:"
grep -v '^#' out | grep -q 'learn rate = [0-9]' || fail "the rule is not in the output"
finish
