#!/bin/sh
# Machine code that is kept between runs: found again, and never anything but what would be compiled, whatever becomes of its files and
# however many processes use them.
. "$SOURCE_DIR/tests/command/lib.sh"
XDG_CACHE_HOME=$work/cache
export XDG_CACHE_HOME
unset GRADUS_CACHE
kept=$XDG_CACHE_HOME/gradus

count() {
	find "$kept" -type f 2>/dev/null | wc -l
}

# What is run: by default, strictly, in f32; values and derivatives.
runs() { # runs OPTIONS...
	"$GRADUS" minimize "logistic(n = 13)" --with adam --steps 7 --json "$@" &&
		"$GRADUS" minimize rosenbrock --with bfgs --steps 5 --strict --json "$@" &&
		"$GRADUS" eval small_net --precision f32 --json "$@" &&
		"$GRADUS" eval rosenbrock --json "$@"
}
figures() { # without how long it took
	grep -vE 'seconds|_ms|"command"' "$1"
}
same() { # same WHAT: what the runs printed is what it was without a cache
	figures runs.out >runs.figures
	cmp -s wanted runs.figures || {
		fail "$1: not what is computed without a cache"
		diff wanted runs.figures | head -n 10
	}
}

runs --cache off >runs.out 2>err || fail "runs without a cache: $(cat err)"
figures runs.out >wanted
[ -s wanted ] || fail "nothing is compared"
[ ! -e "$XDG_CACHE_HOME" ] || fail "--cache off keeps something"
GRADUS_CACHE=off runs >runs.out 2>err
same "GRADUS_CACHE=off"
[ ! -e "$XDG_CACHE_HOME" ] || fail "GRADUS_CACHE=off keeps something"
GRADUS_CACHE=off runs --cache on >runs.out 2>err
same "kept for the first time"
first=$(count)
[ "$first" -ge 4 ] || fail "$first files are kept"
[ -z "$(find "$kept" -name '.gradus-*')" ] || fail "a draft is left behind"
runs >runs.out 2>err
same "found again"
[ "$(count)" -eq "$first" ] || fail "the second time there are $(count) files, not $first"

# Only what is found again takes no time: LLVM's share of it is not what it was (which is 10 to 30 ms).
spent() {
	"$GRADUS" minimize rosenbrock --with adam --steps 1 --time-passes "$@" 2>&1 >/dev/null |
		awk '$1 == "llvm" { sum += $2 } END { print sum }'
}
spent >/dev/null
awk -v cold="$(spent --cache off)" -v warm="$(spent)" 'BEGIN { exit !(warm < cold) }' || fail "what is kept is not used"

# Damage: every file cut short, changed in its middle, empty, that of another, or no file.
for how in cut changed empty exchanged pipe link folder; do
	other=
	for file in "$kept"/*.o; do
		length=$(stat -c %s "$file") # opens nothing: what is left over from the round before may be a pipe
		case $how in
		cut) truncate -s $((length / 2)) "$file" ;;
		changed) printf 'X' | dd of="$file" bs=1 seek=$((length / 2)) conv=notrunc 2>/dev/null ;;
		empty) : >"$file" ;;
		exchanged)
			[ -z "$other" ] || cp "$other" "$file"
			other=$file
			;;
		folder)
			rm "$file"
			mkdir "$file"
			;;
		pipe)
			rm "$file"
			mkfifo "$file"
			;;
		link) ln -sf /dev/zero "$file" ;;
		esac
	done
	runs >runs.out 2>err || fail "$how: $(cat err)"
	same "$how"
	if grep -qE 'warning|error|LLVM' err; then
		fail "$how: something is said: $(cat err)"
	fi
done
rm -rf "$kept"

# Several at once, on a folder that is not there yet; some are killed at any moment.
for i in 1 2 3 4 5 6; do
	"$GRADUS" minimize "logistic(n = 13)" --with adam --steps 7 --json >"at_once.$i" 2>/dev/null &
	eval "process_$i=\$!"
done
for delay in 0.01 0.03 0.05 0.08; do
	"$GRADUS" minimize "logistic(n = 13)" --with adam --steps 7 --json >/dev/null 2>&1 &
	victim=$!
	sleep $delay
	kill -9 $victim 2>/dev/null
	wait $victim 2>/dev/null
done
for i in 1 2 3 4 5 6; do
	eval "wait \$process_$i" || fail "a run beside others ends with $?"
	figures "at_once.$i" >"at_once"
	[ "$i" -eq 1 ] && cp at_once at_once.first
	cmp -s at_once at_once.first || fail "runs at once differ"
done
runs >runs.out 2>err
same "after several at once"

# Where there is no place for it, nothing is kept and nothing said.
quietly() { # quietly WHAT ENVIRONMENT...
	what=$1
	shift
	env "$@" "$GRADUS" eval rosenbrock --json >out 2>err || fail "$what: $(cat err)"
	[ ! -s err ] || fail "$what: $(cat err)"
}
rm -rf "$kept"
: >"$kept"
quietly "a file in its place"
rm "$kept"
mkdir -m 777 "$kept"
chmod 777 "$kept"
quietly "a folder that others may write into"
[ "$(count)" -eq 0 ] || fail "a folder that others may write into is used"
rmdir "$kept"
ln -s "$work" "$kept"
quietly "a link"
rm "$kept"
quietly "a path that is not absolute" XDG_CACHE_HOME=relative HOME=relative
[ ! -e relative ] || fail "a path that is not absolute is used"
quietly "no home" -u XDG_CACHE_HOME -u HOME
quietly "no such device" XDG_CACHE_HOME=/proc/none
mkdir home
quietly "the home folder" -u XDG_CACHE_HOME HOME="$work/home"
[ -d home/.cache/gradus ] || fail "the home folder has nothing"
expect 2 "$GRADUS" eval rosenbrock --cache maybe
finish
