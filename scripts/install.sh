#!/bin/sh
# scripts/install.sh [build] [test] [lint]: the Debian packages a purpose needs; installs only what is missing.
# As root or in CI ($CI set) it installs without asking; otherwise it prints the line to run, and why, and stops.
# Optional packages never make it fail.
set -eu

purposes=${*:-build}
required="" optional="" why=""

need() { # need NAME REASON
	required="$required $1"
	why="$why
  $1: $2"
}

for purpose in $purposes; do
	case $purpose in
	build)
		need cmake "configures the build"
		need ninja-build "runs the build"
		need gcc "compiles Gradus, and the C it emits"
		need libc6-dev "headers of the C library"
		need llvm-19-dev "machine code for optimizers, made while running"
		need libopenblas-pthread-dev "what bench measures matrix products against"
		need libxxhash-dev "hashing"
		need libjansson-dev "reading and writing JSON"
		;;
	test)
		need libcriterion-dev "unit tests"
		optional="$optional clang-19 libclang-rt-19-dev libmpfr-dev"
		;;
	lint)
		need clang-19 "the compiler behind clang-tidy"
		need clang-format-19 "make format"
		need clang-tidy-19 "make tidy"
		;;
	*)
		echo "install.sh: unknown purpose '$purpose' (build, test, lint)" >&2
		exit 2
		;;
	esac
done

missing_of() {
	for package in "$@"; do
		case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) in
		*" installed") ;;
		*) printf '%s ' "$package" ;;
		esac
	done
}

if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "install.sh: not a Debian system; make sure you have these (names as in Debian 12):$why" >&2
	exit 0
fi
# shellcheck disable=SC2086
missing=$(missing_of $required) wanted=$(missing_of $optional)
[ -n "$missing$wanted" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	as_root=""
elif [ -n "${CI:-}" ] && command -v sudo >/dev/null 2>&1; then
	as_root="sudo"
else
	if [ -n "$wanted" ]; then
		echo "Optional and not installed: $wanted(the fuzz run needs clang, test_derivatives MPFR; they are skipped without)" >&2
	fi
	[ -n "$missing" ] || exit 0
	echo "Packages are missing. Please run:" >&2
	echo "  sudo apt-get install $missing$wanted" >&2
	echo "They are needed for:" >&2
	for package in $missing; do
		printf "%s\n" "$why" | grep "^  $package: " >&2
	done
	exit 1
fi

install() {
	# shellcheck disable=SC2086
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >"$log" 2>&1
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ -n "$missing" ]; then
	echo "Installing $missing" >&2
	# The lists of a fresh container are empty or old: ask for new ones once, and only then.
	# shellcheck disable=SC2086
	if ! install $missing; then
		$as_root apt-get update -q >"$log" 2>&1 || true
		if ! install $missing; then
			cat "$log" >&2
			echo "install.sh: could not install $missing" >&2
			exit 1
		fi
	fi
fi
if [ -n "$wanted" ]; then
	echo "Installing (optional) $wanted" >&2
	# shellcheck disable=SC2086
	install $wanted || { $as_root apt-get update -q >"$log" 2>&1 && install $wanted; } ||
		echo "install.sh: could not install the optional $wanted; what needs it is skipped" >&2
fi
