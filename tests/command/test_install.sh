#!/bin/sh
# scripts/install.sh where packages cannot be installed at first: what was wrong is told, and mended before the second try. apt-get,
# dpkg-query and id are made up here; nothing is installed.
. "$SOURCE_DIR/tests/command/lib.sh"
mkdir bin
cat >bin/apt-get <<'EOT'
#!/bin/sh
echo "$*" >>asked
case "$*" in
install*)
	tries=$(($(cat tries 2>/dev/null || echo 0) + 1))
	echo $tries >tries
	echo "E: reason number $tries"
	[ $tries -gt "$FAILURES" ] || exit 100
	;;
esac
EOT
printf '#!/bin/sh\nexit 1\n' >bin/dpkg-query
printf '#!/bin/sh\necho 0\n' >bin/id
chmod +x bin/*

PATH=$PWD/bin:$PATH
export PATH
FAILURES=9 expect 1 sh "$SOURCE_DIR/scripts/install.sh" build
has err "reason number 1"
has err "reason number 2"
has err "could not install"
sed 's/ .*//' asked | tr '\n' ' ' >order
[ "$(cat order)" = "install update -f install " ] || fail "apt-get was asked to $(cat order)"
rm -f asked tries
FAILURES=1 expect 0 sh "$SOURCE_DIR/scripts/install.sh" build
has err "Installing 8 packages"
lacks err "reason number"
sed 's/ .*//' asked | tr '\n' ' ' >order
[ "$(cat order)" = "install update -f install install " ] || fail "apt-get was asked to $(cat order)"
finish
