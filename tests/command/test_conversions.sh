# Data that is stored narrower than it is computed with (bytes of images): however a program writes the conversion, what a mini-batch selects
# is converted once, into an array of its own, and the whole of the data never is. Counted in what is compiled.
. "$SOURCE_DIR/tests/command/lib.sh"

images=5000
{
	printf '\0\0\010\003\0\0\023\210\0\0\0\034\0\0\0\034'
	head -c $((images * 784)) /dev/zero | tr '\0' '\007'
} >image.idx
{
	printf '\0\0\010\001\0\0\023\210'
	head -c $images /dev/zero | tr '\0' '\003'
} >label.idx

# network NAME LETS PIXEL ROWS ROW: a network of one hidden layer
network() {
	cat <<E2
objective $1() {
  data image : int[n, 784] from "image.idx"
  data label : int[n] from "label.idx"
  batch pick : int[16] ~ integer(0, n)
  param W : [784, 32] ~ normal(0, 0.05)
  param V : [32, 10] ~ normal(0, 0.2)
  $2
  let h[i in $4, k] = relu(sum[j]($3 * W[j, k]))
  let z[i, c] = sum[k](h[i, k] * V[k, c])
  minimize mean[i](logsumexp[c](z[i, c]) - z[i, label[$5]])
}
E2
}
{
	echo 'fn scaled(im) { return im / 255 }'
	network direct '' 'image[pick[i], j] / 255' 16 'pick[i]'
	network rows 'let X[i, j] = image[pick[i], j] / 255' 'X[i, j]' 16 'pick[i]'
	network picked 'let X = image[pick, :] / 255' 'X[i, j]' 16 'pick[i]'
	network all_images 'let X = image / 255' 'X[pick[i], j]' 16 'pick[i]'
	network by_function 'let X = scaled(image)' 'X[pick[i], j]' 16 'pick[i]'
	network shifted 'let X = image / 127.5 - 1' 'X[pick[i], j]' 16 'pick[i]'
	network whole '' 'image[i, j] / 255' n i
} >images.grad

for form in direct rows picked all_images by_function shifted; do
	expect 0 "$GRADUS" show opt images.grad $form
	[ "$(grep -c '%image\[' out)" = 1 ] || fail "$form: the images are read by several operations"
	grep '%image\[' out | grep -q 'f32\[16, 784\] = for i:16 j:784 {' || fail "$form: the batch is not converted once"
	lacks out 'f32[5000, 784]'
	expect 0 "$GRADUS" minimize images.grad $form --with 'adam(lr = 0.01)' --steps 5 --json
	json_list f <out >f_$form
	[ $form = shifted ] || paste f_direct f_$form | awk '{ d = $1 - $2; d = d < 0 ? -d : d; if (d > 1e-5 * $1) exit 1 }' ||
		fail "$form: other figures than direct"
done
expect 0 "$GRADUS" show opt images.grad whole
lacks out 'f32[5000, 784]'

finish
