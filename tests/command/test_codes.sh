#!/bin/sh
# Every diagnostic that the source can say is in codes.def, every row of codes.def is said somewhere, and is shown by a test: a golden
# message (tests/errors), an expectation of a program (tests/cases), or a test of the command. What those do not show is shown here.
. "$SOURCE_DIR/tests/command/lib.sh"

sed -n 's/^DIAG(\([0-9]*\), .*/\1/p' "$SOURCE_DIR/frontend/codes.def" >table
[ "$(wc -l <table)" -gt 100 ] || fail "codes.def was not read"
sort table | uniq -d >twice
while read -r code; do fail "$code stands twice in codes.def"; done <twice

# What the source says: numbers of three digits between the name of a function that takes a code and the text of the message; and
# those of rows of tables.
find "$SOURCE_DIR"/base "$SOURCE_DIR"/ir "$SOURCE_DIR"/autodiff "$SOURCE_DIR"/frontend "$SOURCE_DIR"/jit "$SOURCE_DIR"/runtime \
	-name '*.c' -exec cat {} + | tr '\n' ' ' |
	grep -oE '\b(diag_(v?error|warning)|parse_(error|complain)|wrong|count|[a-z_]*complain)\([^;"]*"' |
	grep -oE '[^0-9a-zA-Z_.][1-9][0-9][0-9][^0-9a-zA-Z_.]' | tr -cd '0-9\n' | sort -u >said
grep -hE '^(LATER|DISTRIBUTION|LATER_[A-Z]*)\(' "$SOURCE_DIR"/frontend/*.def | grep -oE '\b[1-9][0-9][0-9]\b' | sort -u >>said
sort -u said -o said
sort -u table -o table
comm -23 said table >unknown
comm -13 said table >unused
while read -r code; do fail "$code is said, and is not in codes.def"; done <unknown
while read -r code; do fail "$code is in codes.def, and nothing says it"; done <unused

# ---- what only a command meets ----

printf 'objective o() {\n  param x = 1.0\n  minimize x\377*x\n}\n' >encoding.grad
expect 1 "$GRADUS" check encoding.grad
has out E0106

cat >range.grad <<'END'
optimizer fast(lr = 2 in (0, 1)) {
  x <- x - lr * g
}
END
expect 0 "$GRADUS" check range.grad
has out W0270

cat >wide.grad <<'END'
objective bowl(n = 3) {
  param x : [n] = 1
  minimize sum[i](x[i]^2)
}
joint optimizer wide() {
  learn w[i in size(x)] = 0.1
  x[i] <- x[i] - w[i] * g[i]
}
experiment e {
  train    wide()
  on       bowl(n = 3), bowl(n = 4)
  problems 2 train, 1 select, 1 test
  horizon  5
  update   adam(lr = 1e-2) for 3 steps
}
END
expect 1 "$GRADUS" train wide.grad -o run
has err E0804

{
	echo 'objective many() {'
	for i in $(seq 300); do echo "  given a$i ~ normal(0, 1)"; done
	echo '  param x = 1.0'
	echo "  minimize x^2$(for i in $(seq 300); do printf ' + a%d' "$i"; done)"
	echo '}'
} >many.grad
expect 1 "$GRADUS" minimize many.grad --with 'adam(lr = 0.1)' --steps 2
has err E0807

expect 1 "$GRADUS" emit c muon -o muon
has err E0396

: >taken
expect 4 "$GRADUS" emit c rosenbrock -o taken/folder
has err E0811

# ---- the others ----

cat >elsewhere <<'END'
803 no LLVM: it takes a machine without it
900 IR as text: test_ir_text
END
{
	cat "$SOURCE_DIR"/tests/errors/*.err "$SOURCE_DIR"/tests/cases/*.grad "$SOURCE_DIR"/tests/command/test_*.sh
	sed 's/^/E0/' elsewhere
} | grep -oE '\b[EW]0[1-9][0-9][0-9]\b' | tr -cd '0-9\n' | sed 's/^0//' | sort -u >shown
comm -13 shown table >unshown
while read -r code; do fail "no test shows $code"; done <unshown

finish
