#!/bin/sh
# A trained rule is a file that works alone: with the functions, constants and rules that it uses, and with the arguments
# that the experiment gave, by name or by place.
. "$SOURCE_DIR/tests/command/lib.sh"
cat >program.grad <<'GRAD'
const N = 4
fn half(a) = a / 2
fn squash(a, k = 1) = tanh(k * half(a))
fn unused(a) = a
optimizer inner(lr = 0.1) { x <- x - lr * g }
optimizer net(hidden = 16, scale = 0.1, base = adam) {
  learn W : [hidden, 2] ~ normal(0, 0.5)
  learn v : [hidden] ~ normal(0, 0.1)
  each {
    x <- x - scale * dot(v, squash(W @ [g, 1], k = 2))
  }
  apply base(lr = 0.01)
}
experiment alone {
  train   net((N + 2), scale = 0.2 / 2, base = inner)
  on      logistic(n = 20)
  horizon 5
  problems 8 train, 0 select, 8 test
  update  adam(3e-2) for 3 steps
}
experiment opened {
  train   net(6, 0.1, inner)
  on      logistic(n = 20)
  horizon 5
  problems 8 train, 4 select, 8 test
  update  adam(lr = 3e-2) for 3 steps
  learn   net.scale
}
GRAD
for experiment in alone opened; do
	expect 0 "$GRADUS" train program.grad $experiment -o $experiment
	mkdir away-$experiment
	cp $experiment/rule.grad $experiment/weights.safetensors away-$experiment
	expect 0 "$GRADUS" check away-$experiment/rule.grad
	for word in "fn half" "fn squash" "optimizer inner" "optimizer net"; do
		has away-$experiment/rule.grad "$word"
	done
	lacks away-$experiment/rule.grad unused
	expect 0 "$GRADUS" minimize "logistic(n = 20)" --with $experiment --steps 4 --json
	json_list f <out >by-folder
	expect 0 "$GRADUS" minimize "logistic(n = 20)" --file away-$experiment/rule.grad --with net --steps 4 --json
	json_list f <out >by-file
	near 1e-12 by-folder by-file
done
has alone/rule.grad "const N"
has alone/rule.grad "hidden = (N + 2)"
has alone/rule.grad "scale = 0.2 / 2"
has alone/rule.grad "after 3 outer steps"
has opened/rule.grad "hidden = 6"
has opened/rule.grad "the best of 3 outer steps"
# Folders that lead to a run are made; a run that never started leaves none behind.
expect 0 "$GRADUS" train program.grad alone -o some/where/run --steps 1
[ -s some/where/run/rule.grad ] || fail "no folder in a folder"
cat >closed.grad <<'GRAD'
experiment closed {
  train   adam()
  on      logistic()
  horizon 5
}
GRAD
expect 1 "$GRADUS" train closed.grad -o closed
has err "E0805"
[ ! -e closed ] || fail "a run without a rule leaves a folder"
expect 0 "$GRADUS" info program.grad alone
has out "adam(lr = 3e-2)"

# What is learned may be written in any way: comments and line ends between all words, heads, draws, brackets around
# brackets, names inside of names; in a file of its own, with the line ends of Windows, and without one at the end.
cat >spread.grad <<'GRAD'
# learn rate = 5
optimizer spread(gain = # six, not rate = 7
   6, b2=(1 + # one
 1), gain2 = 1) { # learn rate = 5
  learn rate = # note "quoted = 3"
     0.1 in (1e-3, 10) # = 0.1
  learn rate2 = (((# in
  0.1
 ))) # tail
  learn memory =
    0.5
  learn minus = -0.25
  learn sum_of = 0.1 + # and
    rate0()
  learn W[i in 2, j in 3] = # head
   0.1 * i +
 0.2 * j
  learn V[i in 2] : [3] ~ # head and type
 normal(i, # sd
 1)
  learn d ~ normal(0.1, # x = 5
 0.01)
  learn U = [1, # a
 2]
  learn Z : [2, # two
 3] ~ normal(0, 1)
  learn last = 0.2 # no limits
  state v = 0
  v <- memory * v + g
  x <- x - 0.01 * rate * v * (1 + rate2 + d + last + minus + sum_of + sum(W) + sum(V) + sum(U) + sum(Z)) * gain / b2 * gain2
}
fn rate0() = 0.1 # the rate
GRAD
cat >uses.grad <<'GRAD'
experiment spread_out {
  train    spread(b2 = (2 # two
+ 1))
  on       logistic()
  problems 16 train, 0 select, 16 test
  horizon  4
  update   adam(lr = 3e-2) for 5 steps
  learn    spread.gain
}
GRAD
cat spread.grad uses.grad >unix.grad
sed 's/$/\r/' unix.grad >windows.grad
printf '%s' "$(cat uses.grad spread.grad)" >endless.grad
mkdir lib
cp spread.grad lib/spread.grad
{
	echo 'import "lib/spread.grad"'
	cat uses.grad
} >importing.grad
# written FOLDER: every learned number of the rule is the one that training printed
written() {
	expect 0 "$GRADUS" check $1/rule.grad
	sed -n 's/^  \([a-z_0-9]*\) = \(.*\)/\1 \2/p' $1.out >pairs
	while read -r name value; do
		case $name in
		gain) sed -n '/gain = # six/{n;p;}' $1/rule.grad ;;
		rate) sed -n '/^  learn rate = /{n;p;}' $1/rule.grad ;;
		memory) sed -n '/^  learn memory =/{n;p;}' $1/rule.grad ;;
		*) sed -n "s/.*learn $name = //p" $1/rule.grad ;;
		esac | sed 's/^ *//; s/[ ,].*//; s/\r$//' >got
		echo "$value" >want
		near 2e-6 got want
		echo "$name" >>names
	done <pairs
	has $1/rule.grad 'from "weights.safetensors"'
	has $1/rule.grad '"quoted = 3"'
	has $1/rule.grad 'learn W : [2, 3] from'
	has $1/rule.grad 'learn V : [2, 3] from'
	has $1/rule.grad 'learn U : [2] from'
	lacks $1/rule.grad '~'
}
for way in unix windows endless importing input; do
	rm -f names
	if [ $way = input ]; then
		"$GRADUS" train - spread_out -o $way <unix.grad >out 2>err || fail "training from standard input"
	else
		expect 0 "$GRADUS" train $way.grad spread_out -o $way
	fi
	cp out $way.out
	written $way
	[ "$(sort -u names | tr '\n' ' ')" = "d gain last memory minus rate rate2 sum_of " ] || fail "$way: learned $(cat names)"
	[ $way = unix ] || cmp -s unix/weights.safetensors $way/weights.safetensors || fail "$way: other weights"
	expect 0 "$GRADUS" minimize logistic --with $way --steps 4 --json
	json_list f <out >got
	[ $way = unix ] && cp got curve
	near 0 got curve
done
# Of a large file only what is declared is read; copied into a run it is up to 1000 MB, and one that is larger is refused. The
# file has a hole in the place of its data, and takes no room.
header='{"W":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"other":{"dtype":"F32","shape":[250000000],"data_offsets":[8,1000000008]}}'
length=${#header}
{
	printf "\\$(printf %o $length)\\0\\0\\0\\0\\0\\0\\0"
	printf %s "$header"
} >large.safetensors
truncate -s $((8 + length + 1000000008)) large.safetensors
cat >large.grad <<'GRAD'
optimizer large() {
  learn rate = 0.1
  learn W : [2] from "large.safetensors"
  x <- x - rate * (1 + sum(W)) * g
}
experiment of_large {
  train    large()
  on       quadratic(n = 2)
  problems 2 train, 2 select, 2 test
  horizon  2
  update   adam(lr = 0.01) for 2 steps
}
GRAD
expect 0 "$GRADUS" minimize rosenbrock --with large -f large.grad --steps 2
expect 4 "$GRADUS" train large.grad -o of_large
has err "cannot copy large.safetensors into the run: it is larger than 1000 MB"
[ ! -e of_large ] || fail "a start that failed left a folder"
rm large.safetensors

# However its shape follows from size(x), what is learned stays tied to the size of its run: used there as it was trained, refused
# for any other size, and emitted for its own.
tied=0
for shape in ': [size(x)] = -30' '= -30 * ones(size(x))' '[i in size(x)] = -30' '= like(-30, x)' ': [2 * size(x)] = -30' \
	'= -30 * ones(2 * size(x), size(x) + 1)' '= -30 * ones(4, size(x))'; do
	tied=$((tied + 1))
	read_element='exp(L[i])'
	case $shape in *ones\(*,*) read_element='exp(L[0, i])' ;; esac
	cat >tied.grad <<GRAD
joint optimizer tied() {
  learn L $shape
  x[i in size(x)] <- x[i] - $read_element * g[i]
}
experiment of_tied {
  train    tied()
  on       rosenbrock(n = 3)
  problems 2 train, 0 select, 2 test
  horizon  3
  update   adam() for 2 steps
}
GRAD
	expect 0 "$GRADUS" train tied.grad -o tied_$tied
	has tied_$tied/rule.grad 'size(x)'
	expect 0 "$GRADUS" minimize 'rosenbrock(n = 3)' --with tied_$tied --steps 2
	expect 5 "$GRADUS" minimize 'rosenbrock(n = 5)' --with tied_$tied --steps 2
	has err E0268
	expect 0 "$GRADUS" emit c tied_$tied -o tied_c_$tied
	has tied_c_$tied/manifest.json '"coordinates": 3'
done

finish
