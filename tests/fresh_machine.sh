#!/bin/sh
# tests/fresh_machine.sh [SUITE] [COMMAND...]: README's commands on a machine that has nothing. Makes the smallest Debian there is
# (debootstrap, variant minbase) with git and make, clones this repository into it as it is committed, and runs the commands there
# as root, without input. SUITE: bookworm (Debian 12, the default) or trixie (13). COMMAND: any targets of the Makefile;
# without any: demo and test. Needs root and debootstrap; FRESH_ROOT names the folder to use and keep instead of a temporary one.
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
suite=${1:-bookworm}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- demo test

if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null 2>&1; then
	echo "SKIPPED: a fresh machine needs root and debootstrap"
	exit 0
fi

root=${FRESH_ROOT:-}
if [ -z "$root" ]; then
	root=$(mktemp -d)
	trap 'umount "$root/proc" "$root/dev" 2>/dev/null; rm -rf --one-file-system "$root"' EXIT
else
	trap 'umount "$root/proc" "$root/dev" 2>/dev/null' EXIT
fi
if [ ! -x "$root/usr/bin/git" ]; then
	echo "== Debian $suite, minbase, with git and make"
	debootstrap --variant=minbase --include=git,make,ca-certificates "$suite" "$root" >"$root.log" 2>&1 ||
		{ tail -n 20 "$root.log"; exit 1; }
	rm -f "$root.log"
fi
# Where the packages come from is this machine's business.
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"

rm -rf "$root/gradus" && git clone -q --no-hardlinks "$source" "$root/gradus"
status=0
for target; do
	echo "== make $target"
	started=$(date +%s)
	if chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		${CI:+CI="$CI"} ${JOBS:+JOBS="$JOBS"} sh -c "cd /gradus && make $target </dev/null"; then
		echo "== make $target: passed in $(($(date +%s) - started)) s"
	else
		echo "== make $target: FAILED"
		status=1
	fi
done
exit $status
