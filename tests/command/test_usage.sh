#!/bin/sh
# The conduct of the command: help, exit codes, suggestions, what goes where.
. "$SOURCE_DIR/tests/command/lib.sh"
escape=$(printf '\033')

verbs="check info eval minimize train compare plot emit show version help"
for verb in $verbs; do
	expect 0 "$GRADUS" "$verb" --help
	has out "usage: gradus $verb"
	has out "Examples:"
	has out "  gradus $verb"
	[ -s err ] && fail "$verb --help talks to standard error"
	cp out help
	expect 0 "$GRADUS" help "$verb"
	cmp -s out help || fail "help $verb is not $verb --help"
done
expect 0 "$GRADUS" --help
for verb in $verbs; do
	has out "  $verb"
done
expect 0 "$GRADUS" version
grep -q '^gradus [0-9]*\.[0-9]*\.[0-9]*$' out || fail "version"

expect 2 "$GRADUS"
[ -s out ] && fail "the usage of a wrong command line is on standard output"
expect 2 "$GRADUS" comapre
has err 'did you mean `compare`?'
expect 2 "$GRADUS" eval --jsn rosenbrock
has err 'did you mean `--json`?'
expect 2 "$GRADUS" eval rosenbrock --steps 3
has err "no option --steps"
expect 2 "$GRADUS" eval rosenbrock --at
has err "needs a value"
expect 2 "$GRADUS" eval rosenbrock --precision f16
has err "f32|f64"
expect 2 "$GRADUS" show optt rosenbrock
has err 'did you mean `opt`?'
for verb in new explain fmt diagnose lsp; do
	expect 2 "$GRADUS" "$verb" something --whatever
	has err "gradus $verb:"
done

# Every option of every command that is not a list is given once; lists say so in the help, or are `RULES`.
walked=0
for verb in $verbs; do
	"$GRADUS" "$verb" --help | sed -n 's/^ *\(-[a-z], \)\{0,1\} *--\([a-z-]*\) \{0,1\}\([^ ]*\) .*/\2 \3/p' >options_of_verb
	while read -r option value; do
		case $value in
		V1*) value=1 ;; K | N) value=2 ;; *'|'*) value=${value%%|*} ;; RULE | OBJECTIVE | FILE | PATH | DIR) value=word ;;
		RULES | NAME=VALUE | NAME=NUMBER | RULE.NAME)
			"$GRADUS" "$verb" "--$option" a=1 "--$option" b=2 >out 2>err </dev/null
			lacks err "given twice"
			continue
			;;
		esac
		walked=$((walked + 1))
		expect 2 "$GRADUS" "$verb" "--$option" $value "--$option" $value
		has err "--$option is given twice"
	done <options_of_verb
done
[ "$walked" -ge 100 ] || fail "only $walked options in the help"
expect 2 "$GRADUS" minimize rosenbrock --steps=3 --with adam --steps 4
has err "--steps is given twice"
expect 2 "$GRADUS" eval rosenbrock --precision f32 --real f32
has err "--precision and --real are one option"

# check: findings are results
printf 'objective good() {\n  param x : [2] = 1\n  minimize sum(x^2)\n}\n' >good.grad
printf 'objective bad() {\n  param x : [2] = 1\n  minimize sum(y^2)\n}\nobjective worse() {\n  param a : [2] = 0\n  param b : [3] = 0\n  minimize sum(a + b)\n}\n' >bad.grad
expect 0 "$GRADUS" check good.grad
[ -s out ] && fail "check has results where there is nothing wrong"
expect 1 "$GRADUS" check bad.grad
has out "error[E"
has out "bad.grad:3"
has out "bad.grad:8"
lacks out "$escape"
expect 1 "$GRADUS" check bad.grad --json
has out '"code"'
expect 0 "$GRADUS" check good.grad --json
[ "$(tr -d ' \n' <out)" = "[]" ] || fail "no findings are not an empty list"
"$GRADUS" check - <bad.grad >out 2>err
[ $? -eq 1 ] || fail "check -"
expect 1 "$GRADUS" check bad.grad --color always
has out "$escape"
cp good.grad again.grad
expect 0 "$GRADUS" check good.grad again.grad
expect 4 "$GRADUS" check nowhere.grad
has err "nowhere.grad"
expect 4 "$GRADUS" eval nowhere.grad
expect 4 "$GRADUS" check .
expect 2 "$GRADUS" check
expect 1 "$GRADUS" eval bad.grad bad
has err "error[E"
[ -s out ] && fail "an error's text is among the results"
expect 2 "$GRADUS" eval good.grad --at 1,2,3
expect 2 "$GRADUS" good.grad
has err "gradus check good.grad"
expect 4 "$GRADUS" plot nowhere
printf '{}' >empty.json
expect 4 "$GRADUS" plot empty.json
mkdir folder
expect 5 "$GRADUS" plot folder
expect 5 "$GRADUS" compare folder --on logistic
expect 5 "$GRADUS" minimize logistic --with folder

# info and show
expect 0 "$GRADUS" info adam
has out "lr = 0.001"
has out "8 bytes per coordinate"
expect 0 "$GRADUS" info logistic --json
has out '"size": 4'
has out '"gradient_flops"'
expect 0 "$GRADUS" info good.grad
has out "objective good"
# a gradient costs at most 4 times its value, for every objective of the library and of the examples; writing the
# gradient itself is no part of that where the value does not read all of x
library Families >objectives
for file in "$SOURCE_DIR"/examples/*.grad; do
	grep -q '^objective' "$file" && ! grep -q '^  data ' "$file" && ! open_learner "$file" && echo "$file" >>objectives
done
[ "$(wc -l <objectives)" -ge 12 ] || fail "the library has too few objectives"
while read -r objective; do
	expect 0 "$GRADUS" info "$objective" --json
	tr ',{}]' '\n\n\n\n' <out | awk -F: -v of="$objective" '
		/"size"/ { size = $2 }
		/"value_flops"/ { flops = $2 }
		/"value_bytes"/ { bytes = $2 }
		/"gradient_flops"/ { count++; if (!($2 > 0 && $2 <= 4 * flops)) { print "    " of ": " $2 / flops " times the FLOPs"; bad = 1 } }
		/"gradient_bytes"/ { if (!($2 <= 4 * bytes || $2 <= 4 * bytes + 4 * size)) { print "    " of ": " $2 / bytes " times the bytes"; bad = 1 } }
		END { exit bad || !count }' || fail "costs of $objective"
done <objectives
expect 0 "$GRADUS" show functions
has out "atan2(y, x)"
has out "~ normal(mean, sd)"
expect 0 "$GRADUS" show functions clip
[ "$(wc -l <out)" -eq 1 ] || fail "show functions clip: $(cat out)"
expect 2 "$GRADUS" show functions clap
expect 0 "$GRADUS" show std
has out "adam"
expect 0 "$GRADUS" show std adam
has out "optimizer adam("
expect 2 "$GRADUS" show std adaam
has err 'did you mean `adam`?'
for stage in ast ir grad opt loops llvm asm c; do
	expect 0 "$GRADUS" show $stage good.grad
	[ -s out ] || fail "show $stage is empty"
done
for stage in ir opt loops llvm asm c; do
	expect 0 "$GRADUS" show $stage adam
done
mkdir dump
expect 0 "$GRADUS" eval good.grad --verify --time-passes --dump-dir dump
has err "simplify"
[ -n "$(ls dump)" ] || fail "--dump-dir leaves nothing"

# Names that nothing has: what there is, the most alike first; a rule of another library by its name here.
for name in sgd SGD gd; do
	expect 2 "$GRADUS" minimize rosenbrock --with $name
	has err 'it is called `gradient_descent` here'
done
expect 2 "$GRADUS" minimize rosenbrock --with adamm
has err 'did you mean `adam`? There are also adamw, '
expect 2 "$GRADUS" minimize rosenbrock --with zzzzzz
has err 'there are '
has err 'adam'
expect 2 "$GRADUS" minimize qadratic --with adam
has err 'did you mean `quadratic`? There are also '
expect 2 "$GRADUS" minimize rosenbrock --with "adam(learning_rate = 0.1)"
has err 'it is called `lr` here'
expect 2 "$GRADUS" minimize rosenbrock --with "adam(zzz = 0.1)"
has err 'it takes lr, beta1, beta2, eps'
expect 2 "$GRADUS" train "$SOURCE_DIR/examples/robust.grad" learn_robus -o nothing
has err 'no experiment `learn_robus`; did you mean `learn_robust`?'
expect 2 "$GRADUS" train "$SOURCE_DIR/examples/robust.grad" zzz -o nothing
has err 'there is learn_robust'
# help for what is no command
for word in backprop forward es pes truncated_es; do
	expect 2 "$GRADUS" help $word
	has err "show estimators $word"
done
expect 2 "$GRADUS" help adam
has err "show std adam"
expect 2 "$GRADUS" help exp
has err "show functions exp"
# defaults are stated
for verb in train minimize compare; do
	expect 0 "$GRADUS" help $verb
	[ "$(grep -c -- '--steps N .*(default' out)" -eq 1 ] || fail "help $verb does not state the default of --steps"
	[ "$(grep -c -- '--seed N .*(default' out)" -eq 1 ] || fail "help $verb does not state the default of --seed"
done
finish
