# Names in emitted C: rules and objectives whose hyperparameters, states, learned numbers, parameters, data and batches are called like
# every keyword, macro, type and function that the compilers of this machine know compile after all standard headers, as C and
# as C++, and pass their self-test. Prefixes, and names of rules that are words of C. What stands in comments stays there.
. "$SOURCE_DIR/tests/command/lib.sh"

c_headers="assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic stdbool
stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype"
cc_headers="algorithm array atomic bitset cfloat chrono climits cmath complex condition_variable csignal cstdint cstdio cstdlib
exception functional future iomanip ios iostream iterator limits list locale map memory mutex new numeric queue random
ratio regex set sstream stdexcept string system_error thread tuple type_traits typeinfo utility valarray vector"
for header in $c_headers; do printf '#include <%s.h>\n' "$header"; done >all.h
{
	for header in $cc_headers; do printf '#include <%s>\n' "$header"; done
	grep -v 'stdatomic\|threads' all.h
} >all.hh

have() { command -v "$1" >/dev/null; }
have g++ || echo "skipped: no g++, so nothing is compiled as C++"

# What this machine reports, and what the project lists.
{
	for compiler in "$CC" gcc clang-19; do
		! have "$compiler" || $compiler -std=gnu17 -dM -E all.h
	done
	! have g++ || g++ -std=gnu++17 -x c++ -dM -E all.hh
} | awk '{ sub(/\(.*/, "", $2); print $2 }' >reported
grep -o '"[^"]*"' "$SOURCE_DIR/jit/c/c_names.def" | tr -d '"' >listed
printf '%s\n' int64_t uint8_t p_real P_REAL p_step p_hyper p_init_call P_BLOCK p_turn1 arena failed memcpy scratch new_x hyper sizes \
	nothing _Bool _Complex _x __x a__b a_b x_2 >ours
language=" and or not if then else true false sum mean max min prod logsumexp argmax argmin any all x g f t horizon "
sort -u reported listed ours | awk -v taken="$language" '/^[A-Za-z_][A-Za-z0-9_]*$/ && index(taken, " " $1 " ") == 0' >names
[ "$(wc -l <reported)" -gt 300 ] || fail "the compiler reports hardly any macro"

# program ROLE FILE: a rule (or an objective) with all names of the file
program() {
	case $1 in
	hyper) awk 'BEGIN { printf "optimizer p(" } { printf "%s%s = 0.001", (NR > 1 ? ", " : ""), $1 } END { print ") {" }' "$2" ;;
	state | learn) awk -v role="$1" 'BEGIN { print "optimizer p() {" } { print "  " role, $1, "= 0.001" }' "$2" ;;
	param) awk 'BEGIN { print "objective p() {" } { print "  param", $1, ": real = 0.5" }' "$2" ;;
	given | batch) awk -v role="$1" 'BEGIN { print "objective p() {"; print "  param zz : [2] = 0.5" }
		{ print "  " role, $1, (NR % 2 ? ": real" : ": [2]"), "~ normal(0, 1)" }' "$2" ;;
	data) awk 'BEGIN { print "objective p() {"; print "  param zz : [2] = 0.5" }
		{ print "  data", $1, ": [2] from \"two.csv\"" }' "$2" ;;
	esac
	[ "$1" != state ] || awk '{ print "  " $1, "<- 0.5 *", $1, "+ g" }' "$2"
	if [ "$1" = given ] || [ "$1" = data ] || [ "$1" = batch ]; then
		awk '{ print "  let zz" NR, "= sum(zz * " $1 ")" }' "$2"
		awk '{ printf "%szz%d", (NR % 20 == 1 ? "\n  let yy" NR " = " : " + "), NR } END { print "" }' "$2"
	else
		awk '{ printf "%s%s", (NR % 20 == 1 ? "\n  let yy" NR " = " : " + "), $1 } END { print "" }' "$2"
	fi
	case $1 in param | given | data | batch) printf '  minimize ' ;; *) printf '  x <- x - 0.01 * g * (' ;; esac
	awk 'NR % 20 == 1 { printf "%syy%d", (NR > 1 ? " + " : ""), NR }' "$2"
	case $1 in param | given | data | batch) echo ;; *) echo ')' ;; esac
	echo '}'
}

strict="-Wall -Wextra -Wpedantic -Werror"
compiled() { # FOLDER: after all headers, as one unit, by every compiler; runs the self-test
	(
		cd "$1" || exit 1
		{ printf '#include "../all.h"\n'; for file in *.c; do [ "$file" = example.c ] || printf '#include "%s"\n' "$file"; done; } >unit
		for compiler in "$CC" clang-19; do
			! have "$compiler" || $compiler -std=gnu11 -x c $strict -fsyntax-only unit || exit 1
		done
		! have g++ || sed 's/all\.h/all.hh/' unit | g++ -std=gnu++11 -x c++ -Wall -Wextra -Werror -I. -fsyntax-only - || exit 1
	) >said 2>&1 || { fail "$1: does not compile after the standard headers"; head -n 20 said; }
	make -s -C "$1" test CC="$CC" CFLAGS=-O0 >said 2>&1 && grep -q '^PASS' said || { fail "$1: self-test"; head -n 20 said; }
}

tried() { # ROLE FILE
	program "$1" "$2" >"$1.grad"
	rm -rf "out_$1"
	expect 0 "$GRADUS" emit c "$1.grad" -o "out_$1"
	compiled "out_$1"
}

# Every name as a hyperparameter, which is a member, a parameter and an argument; and a share of them as everything else.
split -l 1000 names part_
for part in part_*; do tried hyper "$part"; done
printf '0.5\n1.5\n' >two.csv
for role in state learn param given data batch; do
	case $role in state) first=0 ;; learn) first=3 ;; param) first=5 ;; given) first=9 ;; data) first=7 ;; batch) first=2 ;; esac
	awk -v first=$first 'NR % 12 == first' names >share
	grep -xE 'errno|I|NULL|NAN|INFINITY|EOF|_Bool|_Complex|UINT64_MAX|int64_t|uint8_t|signed|register|p_real|memcpy|arena' names >>share
	sort -u share >some
	tried $role some
done

# Names that stay as they are, and some that change.
cat >plain.grad <<'E2'
objective plain() {
  given X : [3] ~ normal(0, 1)
  given I : real ~ normal(0, 1)
  param W1 : [3] = 0
  minimize sum((X * W1 - I)^2)
}
optimizer readable(lr = 0.1, beta1 = 0.9, gamma = 1, λ = 0.5, a' = 1, index = 1, EOF = 1, errno = 1, a = 1, signed = 1) {
  x <- x - lr * beta1 * gamma * λ * a' * index * EOF * errno * a * signed * g
}
E2
expect 0 "$GRADUS" emit c plain.grad plain -o plain
expect 0 "$GRADUS" emit c plain.grad readable -o readable
for member in '\*X;' 'I_;'; do grep -q "$member" plain/plain.h || fail "plain: no member $member"; done
grep -q 'plain_at_W1 = 0' plain/plain.h || fail "plain: no plain_at_W1"
for member in lr beta1 gamma lambda a_prime index EOF_ errno_ a signed_; do
	grep -q "readable_real $member;" readable/readable.h || fail "readable: no member $member"
done
compiled plain
compiled readable

# Rules that are called like words of C, and with letters that C does not have: a prefix is found for them.
for name in main exp errno NULL printf signal double class register math complex example "λ'" _x Ω I linux int64_t; do
	printf 'optimizer %s(lr = 0.1) {\n  state m = 0\n  m <- 0.9 * m + g\n  x <- x - lr * m\n}\n' "$name" >named.grad
	rm -rf named
	expect 0 "$GRADUS" emit c named.grad -o named
	compiled named
done
printf 'objective while() {\n  param a : [2] = 1\n  minimize sum(a^2)\n}\n' >named.grad
expect 0 "$GRADUS" emit c named.grad -o while
[ -f while/while_objective.h ] || fail "the default prefix of an objective"

# Prefixes that cannot be: not written as names of C are, reserved, of a header, between parts of names, taken by the library.
long=a123456789_123456789_123456789_123456789_x
for prefix in while double __x a__b _a math STDIO example Example p_at_q p_bad p_instance p_given mtx atomic pthread_mutex "$long"; do
	expect 1 "$GRADUS" emit c adam -o bad --prefix "$prefix"
	has err E0813
done
for prefix in '' 3d a-b 'a b' 'a/b' ../x λ "$(printf 'a\nb')"; do
	expect 2 "$GRADUS" emit c adam -o bad --prefix "$prefix"
done
[ ! -e bad ] || fail "a folder is made in spite of an error"
expect 0 "$GRADUS" emit c adam -o good --prefix a123456789_123456789_123456789_12345678
compiled good

# No name of one prefix is one of another prefix: where an ending `b_c` of ours ends in another, `c`, PREFIX_b is refused.
expect 0 "$GRADUS" emit c adam -o adam --prefix q
expect 0 "$GRADUS" emit c "logistic" -o logistic --prefix q
cat adam/*.[ch] logistic/*.[ch] | grep -oE '\b[qQ]_[A-Za-z0-9_]*' | sed 's/^[qQ]_//' | sort -u >endings
[ "$(wc -l <endings)" -gt 30 ] || fail "hardly any names"
sort -u adam/*.h logistic/*.h | grep -oE '\bq_[A-Za-z0-9_]*' | sed 's/^q_//' | sort -u >visible
awk 'NR == FNR { all[$1] = 1; next }
	{ for (at = 1; at <= length($1); at++) if (substr($1, at, 1) == "_" && substr($1, at + 1) in all) print substr($1, 1, at - 1), $1 }' \
	visible visible | while read -r middle name; do
	"$GRADUS" emit c adam -o bad --prefix "q_$middle" >/dev/null 2>&1 && echo "q_$middle: $name"
done >both
[ ! -s both ] || fail "two prefixes share names: $(cat both)"

# Text of the program does not get out of comments, whatever it holds.
printf '# */ int broken; /* ??/ \\\n# \342\200\256 bidi\noptimizer doc(lr = 0.1) { # */ }\n  x <- x - lr * g # \\\n}\n' >doc.grad
mkdir -p 'odd */ "??/'
cp doc.grad 'odd */ "??/doc.grad'
expect 0 "$GRADUS" emit c 'odd */ "??/doc.grad' -o doc
compiled doc
if LC_ALL=C grep -n '[^ -~	]' doc/*.[ch]; then fail "characters beyond ASCII"; fi

finish
