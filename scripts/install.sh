#!/bin/sh
# scripts/install.sh [build] [test] [bench] [lint]: what a purpose needs; installs only what is missing.
# As root or in CI ($CI set) it installs without asking; otherwise it prints the line to run, and why, and stops.
# Optional packages never make it fail. Where packages are not Debian's it looks for the programs and files themselves,
# says which of them it does not find, and goes on: names and places differ there, and CMake has the last word.
set -eu

purposes=${*:-build}
required="" optional="" table=""

# need PACKAGE PROBE REASON: PROBE is a program, or the path of a file below the usual places of headers and libraries.
need() {
	required="$required $1"
	table="$table$1|$2|$3
"
}

for purpose in $purposes; do
	case $purpose in
	build)
		need cmake cmake "configures the build"
		need ninja-build ninja "runs the build"
		need gcc gcc "compiles Gradus, and the C it emits"
		need libc6-dev include/stdio.h "headers of the C library"
		need llvm-19-dev llvm-config-19 "LLVM 19: machine code for optimizers, made while running"
		need libxxhash-dev include/xxhash.h "hashing"
		need libjansson-dev include/jansson.h "reading and writing JSON"
		need libsqlite3-dev include/sqlite3.h "the archive of a search"
		optional="$optional zlib1g-dev libzip-dev"
		;;
	test)
		need libcriterion-dev include/criterion/criterion.h "unit tests"
		need g++ g++ "tests that emitted C can be used from C++"
		need libmpfr-dev include/mpfr.h "derivatives are held against many digits"
		optional="$optional clang-19 libclang-rt-19-dev libopenmpi-dev openmpi-bin"
		;;
	bench)
		need libopenblas-pthread-dev "libopenblas.so" "larger matrices by LAPACK; what matrix products are measured against"
		optional="$optional clang-19"
		;;
	lint)
		need clang-19 clang-19 "the compiler behind clang-tidy"
		need clang-format-19 clang-format-19 "make format"
		need clang-tidy-19 clang-tidy-19 "make tidy"
		;;
	*)
		echo "install.sh: unknown purpose '$purpose' (build, test, bench, lint)" >&2
		exit 2
		;;
	esac
done

# explain PACKAGE...: a line each: what it is for
explain() {
	for package in "$@"; do
		printf '%s' "$table" | sed -n "s/^$package|[^|]*|/  $package: /p" >&2
	done
}

# is_there PROBE: a program on the path, or a file in the usual places
is_there() {
	case $1 in
	*/* | *.so)
		for root in /usr /usr/local /opt/homebrew /opt/local; do
			for place in "$root" "$root"/lib "$root"/lib64 "$root"/lib/*-linux-gnu; do
				[ ! -e "$place/$1" ] || return 0
			done
		done
		return 1
		;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

if ! command -v dpkg-query >/dev/null 2>&1; then
	absent=""
	for package in $required; do
		probe=$(printf '%s' "$table" | sed -n "s/^$package|\([^|]*\)|.*/\1/p")
		is_there "$probe" || absent="$absent $package"
	done
	if [ -n "$absent" ]; then
		echo "This is not a Debian system, and these were not found in the usual places (names as in Debian 12):" >&2
		# shellcheck disable=SC2086
		explain $absent
		echo "Going on: if they are somewhere else, CMake finds them." >&2
	fi
	exit 0
fi

missing_of() {
	for package in "$@"; do
		case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) in
		*" installed") ;;
		*) printf '%s ' "$package" ;;
		esac
	done
}

# shellcheck disable=SC2086
missing=$(missing_of $required) wanted=$(missing_of $optional)
[ -n "$missing$wanted" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	as_root=""
elif [ -n "${CI:-}" ] && command -v sudo >/dev/null 2>&1; then
	as_root="sudo"
else
	if [ -n "$wanted" ]; then
		echo "Optional and not installed: $wanted(what needs them is skipped)" >&2
	fi
	[ -n "$missing" ] || exit 0
	echo "Packages are missing. Please run:" >&2
	echo "  sudo apt-get install $missing$wanted" >&2
	echo "They are needed for:" >&2
	# shellcheck disable=SC2086
	explain $missing
	exit 1
fi

# apt COMMAND...: what it says goes to the end of the log; a line every half minute says that it is still at work.
apt() {
	(
		waited=0
		while sleep 30 >/dev/null 2>&1; do
			waited=$((waited + 30))
			echo "  ... still at it after $waited s: $(tail -n 1 "$log" | cut -c1-80)" >&2
		done
	) &
	ticker=$!
	code=0
	echo "== apt-get $*" >>"$log"
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get "$@" >>"$log" 2>&1 || code=$?
	kill "$ticker" 2>/dev/null || true
	wait "$ticker" 2>/dev/null || true
	return $code
}

install() {
	apt install -y -q --no-install-recommends "$@"
}

# The lists of a fresh container are empty or old, and an installation that was cut off leaves packages half configured: both
# are mended, but only once something has failed.
mend() {
	apt update -q || true
	apt -f install -y -q || true
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ -n "$missing" ]; then
	# shellcheck disable=SC2086
	set -- $missing
	echo "Installing $# packages, and what they need: $missing" >&2
	if ! install "$@"; then
		mend
		if ! install "$@"; then
			cat "$log" >&2
			echo "install.sh: could not install $missing" >&2
			exit 1
		fi
	fi
fi
if [ -n "$wanted" ]; then
	echo "Installing (optional) $wanted" >&2
	# shellcheck disable=SC2086
	install $wanted || { mend && install $wanted; } ||
		echo "install.sh: could not install the optional $wanted; what needs it is skipped" >&2
fi
