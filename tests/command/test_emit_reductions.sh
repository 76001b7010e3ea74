# What reduces the gradient to a number of its own (`let`, `state`), where the size of x is open: every such word is lowered, shown in all
# stages, and emitted as C whose self-test passes.
. "$SOURCE_DIR/tests/command/lib.sh"

for kind in optimizer 'joint optimizer'; do
	for number in 'sum(g)' 'mean(g)' 'max(g)' 'min(g)' 'prod(1 + g / 100)' 'logsumexp(g)' 'median(g)' 'quantile(g, 0.9)' \
		'quantile(abs(g), lr)' 'norm(g)' 'rms(g)' 'std(g)' 'variance(g)' 'dot(g, x)' 'any(g > 0) + all(g > 0)' 'max(softmax(g))' \
		'real(argmax[i](g[i]))'; do
		cat >rule.grad <<GRAD
$kind r(lr = 0.1) {
  state s : real = 0
  let q = $number
  s <- 0.5 * s + q
  let p = 0.5 * ($number) + s
  x <- x - lr * (p + q) * g
}
GRAD
		case "$kind, $number" in # what goes by the order of coordinates is made for one shape after the other
		'optimizer, median'* | 'optimizer, quantile'*)
			expect 0 "$GRADUS" check rule.grad
			expect 1 "$GRADUS" emit c r -f rule.grad -o none
			has err E0396
			rm -rf c
			expect 0 "$GRADUS" emit c r -f rule.grad -o c --on small_net
			(cd c && make -s test CC="$CC" CFLAGS="-std=c99 -Wall -Wextra -Werror" >log 2>&1) || fail "C of $kind, $number: $(cat c/log)"
			continue
			;;
		'optimizer, real(argmax'*) continue ;; # an index of x, whose axes differ
		esac
		expect 0 "$GRADUS" check rule.grad
		for stage in ir opt loops c; do
			expect 0 "$GRADUS" show $stage rule.grad r
		done
		case $number in
		*median* | *quantile* | *softmax* | *argmax*)
			expect 0 "$GRADUS" emit c r -f rule.grad -o c --force
			(cd c && make -s test CC="$CC" CFLAGS="-std=c99 -Wall -Wextra -Werror" >log 2>&1) || fail "C of $kind, $number: $(cat c/log)"
			;;
		esac
	done
done
finish
