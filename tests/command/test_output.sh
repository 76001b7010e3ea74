#!/bin/sh
# Whatever writes: a new file appears whole, an existing one is replaced whole and keeps its permissions, and what is no regular
# file is written through and stays what it is. Nothing else appears beside it. Devices are copies in a folder of this test.
. "$SOURCE_DIR/tests/command/lib.sh"
. "$SOURCE_DIR/tests/command/small_run.sh"

# write WAY PATH: each of the ways in which a command is told to write a file
ways="minimize compare plot"
write() {
	case $1 in
	minimize) "$GRADUS" minimize rosenbrock --with adam --steps 3 --json --svg "$2" ;;
	compare) "$GRADUS" compare adam --on quadratic --steps 2 --train 2 --test 2 --json -o "$2" ;;
	plot) "$GRADUS" plot c.json --svg "$2" ;;
	esac >out 2>err </dev/null
}
whole() { # whole FILE: all of what was to be written
	case $way in
	compare) [ "$(tail -n 1 "$1")" = "}" ] ;;
	*) [ "$(tail -n 1 "$1")" = "</svg>" ] ;;
	esac || fail "$way: $1 is not whole"
}
wrote() { # wrote CODE PATH: writes, and nothing but the wanted files is in the folder
	write "$way" "$2"
	code=$?
	[ $code -eq "$1" ] || { fail "$way to $2: exit code $code instead of $1"; cat err; }
}
only() {
	[ "$(ls -A d | sort | tr '\n' ' ')" = "$1" ] || fail "$way: left in the folder: $(ls -A d | tr '\n' ' ')"
}

as_root=$([ "$(id -u)" = 0 ] && echo yes)
for way in $ways; do
	rm -rf d && mkdir d
	wrote 0 d/new.svg
	whole d/new.svg
	only "new.svg "
	[ "$(stat -c %a d/new.svg)" = "$(printf '%o' $((0666 & ~$(umask))))" ] || fail "$way: permissions of a new file"

	# An existing file: replaced, with its permissions; one that is longer leaves no tail.
	head -c 300000 /dev/zero >d/new.svg
	chmod 640 d/new.svg
	wrote 0 d/new.svg
	whole d/new.svg
	[ "$(stat -c %a d/new.svg)" = 640 ] || fail "$way: permissions of a replaced file"
	only "new.svg "

	# Drafts that a kill left long ago go with the next file that is replaced; those of now, and what is called otherwise, stay.
	for name in .gradus-1-0 .gradus-4194303-7 .gradus-1 .gradus-1-0x .gradus-mine; do
		: >d/$name
		touch -d '2 hours ago' d/$name
	done
	: >d/.gradus-1-1
	wrote 0 d/new.svg
	only "$(printf '%s\n' .gradus-1 .gradus-1-0x .gradus-1-1 .gradus-mine new.svg | sort | tr '\n' ' ')"
	rm d/.gradus-*

	# A link stays a link, and what it leads to is written, be it there or not.
	ln -s new.svg d/link.svg
	echo old >d/new.svg
	wrote 0 d/link.svg
	[ -L d/link.svg ] || fail "$way: a link was replaced"
	whole d/new.svg
	mkdir d/sub
	ln -s sub/later.svg d/dangling.svg
	wrote 0 d/dangling.svg
	[ -L d/dangling.svg ] || fail "$way: a link that led nowhere was replaced"
	whole d/sub/later.svg
	ln -s dangling.svg d/chain.svg
	: >d/sub/later.svg
	wrote 0 d/chain.svg
	whole d/sub/later.svg
	ln -s loop.svg d/loop.svg
	wrote 4 d/loop.svg
	rm -r d/*

	# A pipe: its reader gets everything.
	mkfifo d/pipe.svg
	cat d/pipe.svg >read &
	wrote 0 d/pipe.svg
	wait $!
	[ -p d/pipe.svg ] || fail "$way: a pipe was replaced"
	whole read
	only "pipe.svg "
	rm d/pipe.svg

	# Devices: copies of /dev/null and /dev/full, if they can be made and used here.
	if [ -n "$as_root" ] && mknod d/null.svg c 1 3 2>/dev/null && mknod d/full.svg c 1 7 && echo x 2>/dev/null >d/null.svg; then
		wrote 0 d/null.svg
		[ -c d/null.svg ] || fail "$way: a device was replaced"
		wrote 4 d/full.svg
		has err "d/full.svg: "
		[ -c d/full.svg ] || fail "$way: a device was replaced"
		only "full.svg null.svg "
		rm -f d/null.svg d/full.svg
	else
		rm -f d/null.svg d/full.svg
		echo "SKIPPED: devices (no right to make them here)"
	fi

	# What cannot be written says so, and leaves nothing.
	mkdir d/folder.svg
	wrote 4 d/folder.svg
	has err "d/folder.svg: "
	only "folder.svg "
	wrote 4 d/none/x.svg
	has err "d/none/x.svg: "
	: >d/file
	wrote 4 d/file/x.svg
	rm -r d/*
	if [ -n "$as_root" ] && ! command -v setpriv >/dev/null; then
		echo "SKIPPED: permissions (root has all of them)"
		continue
	fi
	drop=$([ -n "$as_root" ] && echo "setpriv --reuid 65534 --clear-groups")
	chmod 755 "$work"
	if [ -n "$as_root" ] && ! $drop "$GRADUS" version >/dev/null 2>&1; then
		echo "SKIPPED: permissions (the command cannot be run by another user here)"
		continue
	fi
	echo keep >d/locked.svg
	chmod 444 d/locked.svg
	chmod 777 d
	real=$GRADUS GRADUS_AS=$drop
	printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$drop" "$GRADUS" >as
	chmod 755 as
	chmod 644 c.json
	GRADUS=$work/as
	wrote 4 d/locked.svg
	has err "d/locked.svg: Permission denied"
	[ "$(cat d/locked.svg)" = keep ] || fail "$way: a read-only file was replaced"
	only "locked.svg "
	# A folder in which nothing can be made: its files can still be written.
	: >d/open.svg
	chmod 666 d/open.svg
	chmod 555 d
	wrote 0 d/open.svg
	whole d/open.svg
	wrote 4 d/new.svg
	has err "Permission denied"
	chmod 755 d
	only "locked.svg open.svg "
	GRADUS=$real
done

# /dev/stdout is what the command prints to, whatever that is: the rest of the output keeps its place.
"$GRADUS" compare adam --on quadratic --steps 2 --train 2 --test 2 --json -o /dev/stdout >both 2>err || fail "to /dev/stdout: $?"
[ "$(grep -c '"objective"' both)" -eq 2 ] || fail "/dev/stdout lost a part"
"$GRADUS" compare adam --on quadratic --steps 2 --train 2 --test 2 --json -o /dev/stdout 2>err | cat >both
[ "$(grep -c '"objective"' both)" -eq 2 ] || fail "/dev/stdout lost a part of a pipe"
"$GRADUS" compare adam --on quadratic --steps 2 --train 2 --test 2 --json -o /dev/fd/3 3>third >out 2>err || fail "to /dev/fd/3: $?"
[ "$(tail -n 1 third)" = "}" ] || fail "/dev/fd/3 is not whole"
"$GRADUS" plot c.json --svg /dev/null >out 2>err || fail "a drawing to /dev/null"
[ -c /dev/null ] || fail "/dev/null is gone"

# Emitted files and run folders go the same way: a link in the place of a file stays one.
mkdir emitted
expect 0 "$GRADUS" emit c adam -o emitted
mv emitted/adam.h elsewhere.h
ln -s ../elsewhere.h emitted/adam.h
"$GRADUS" emit c adam -o emitted --force >out 2>err || expect 0 "$GRADUS" emit c adam -o emitted
[ -L emitted/adam.h ] || fail "emit replaced a link"
ls -A emitted | grep -q '^\.' && fail "emit left a file: $(ls -A emitted)"
finish
