#!/bin/sh
# Run folders are sent around. Whatever one holds, nothing outside it is read for it, nothing in it crashes a command, and what it
# says reaches a terminal, a drawing or JSON as plain text.
. "$SOURCE_DIR/tests/command/lib.sh"
cat >small.grad <<'GRAD'
optimizer net() {
  learn rate = 0.01 in (0, 1)
  learn W : [2] = [0.1, 0.2]
  x <- x - rate * (g + W[0] * g + W[1])
}
experiment e {
  train    net()
  on       logistic(n = 5)
  problems 4 train, 4 select, 4 test
  horizon  3
  update   adam(lr = 3e-2) for 3 steps
}
GRAD
expect 0 "$GRADUS" train small.grad -o good
expect 0 "$GRADUS" compare good
secret="the secret of another folder"
printf 'objective secret() {\n  param x : real = 1 # %s\n  minimize x ^\n}\n' "$secret" >secret.grad
cp good/weights.safetensors outside.safetensors

# each damage: a command that spoils a copy of the folder in `bad`, and which commands it concerns
commands() {
	case $1 in
	with) echo 'minimize logistic(n=5) --with bad --steps 2' ;;
	compare) echo 'compare bad --steps 2 --train 2 --test 2' ;;
	emit) echo 'emit c bad -o emitted' ;;
	plot) echo 'plot bad' ;;
	esac
}
damage() { # damage VERBS SHELL-COMMAND: exit code 5 and a message, for each of the verbs
	rm -rf bad
	cp -r good bad
	(cd bad && eval "$2") || fail "cannot damage: $2"
	for verb in $1; do
		# shellcheck disable=SC2046
		timeout 20 "$GRADUS" $(commands $verb) >out 2>err </dev/null
		code=$?
		[ $code -eq 5 ] || { fail "exit code $code instead of 5: $verb after: $2"; head -n 6 err; }
		[ -s err ] || fail "no message: $verb after: $2"
		cat out err >said
		lacks said "$secret"
		rm -rf emitted
	done
	rm -rf bad
}
json='sed -i'
all="with compare emit"
damage "$all" 'rm rule.grad'
damage "$all" 'rm result.json run.json'
damage "$all" 'rm weights.safetensors'
damage compare 'rm run.json'
damage compare 'rm -r sources'
damage plot 'rm metrics.jsonl'
damage plot ': >metrics.jsonl'
# What leads out.
damage compare "$json 's#\"copy\": .*#\"copy\": \"../secret.grad\",#' run.json"
damage compare "$json 's#\"copy\": .*#\"copy\": \"sources/../../secret.grad\",#' run.json"
damage compare "$json 's#\"copy\": .*#\"copy\": \"../../../../../../../../../../etc/passwd\",#' run.json"
damage compare "$json 's#\"copy\": .*#\"copy\": \"/etc/passwd\",#' run.json"
damage compare 'ln -sf ../../secret.grad sources/small.grad'
damage compare 'echo "import \"../../secret.grad\"" >>sources/small.grad'
damage compare 'echo "import \"/etc/passwd\"" >>sources/small.grad'
damage compare 'ln -s ../../secret.grad sources/link.grad; echo "import \"link.grad\"" >>sources/small.grad'
damage compare 'rm -r sources; ln -s .. sources; echo "import \"secret.grad\"" >>sources/small.grad; sed -i "s#sources/small.grad#sources/secret.grad#" run.json'
damage "$all" 'echo "import \"../secret.grad\"" >>rule.grad'
damage "$all" 'echo "import \"$work/secret.grad\"" >>rule.grad'
damage "$all" 'ln -sf ../secret.grad rule.grad'
damage "$all" 'ln -sf ../secret.grad result.json'
damage compare 'ln -sf ../secret.grad run.json'
damage "$all" 'sed -i "s#weights.safetensors#../outside.safetensors#" rule.grad'
damage "$all" 'sed -i "s#weights.safetensors#$work/outside.safetensors#" rule.grad'
damage "$all" 'ln -sf ../outside.safetensors weights.safetensors'
# What is no file.
damage "$all" 'rm rule.grad; mkdir rule.grad'
damage "$all" 'rm rule.grad; mkfifo rule.grad'
damage "$all" 'rm result.json; mkfifo result.json'
damage compare 'rm run.json; mkfifo run.json'
damage "$all" 'rm weights.safetensors; mkfifo weights.safetensors'
damage "$all" 'ln -sf /dev/zero weights.safetensors'
damage plot 'rm metrics.jsonl; mkfifo metrics.jsonl'
damage plot 'rm comparison.json; mkfifo comparison.json'
damage plot 'ln -sf ../secret.grad comparison.json'
damage plot 'ln -sf ../secret.grad metrics.jsonl'
# What is damaged.
for file in run.json result.json; do
	verbs=$([ $file = run.json ] && echo compare || echo "$all")
	for change in ': >F' 'echo "[]" >F' 'echo null >F' 'echo "{}" >F' 'truncate -s 40 F' 'head -c 100000 /dev/zero >F' \
		'sed -i "s/\"rule\": \"net\"/\"rule\": 3/" F' 'sed -i "s/\"rule\": \"net\"/\"rule\": \"\"/" F' \
		'sed -i "s/\"rule\": \"net\"/\"rule\": \"ne\\\\u0000t\"/" F' 'sed -i "s/\"rule\": \"net\"/\"rule\": \"a\\\\nb\"/" F'; do
		damage "$verbs" "$(printf '%s\n' "$change" | sed "s/F/$file/g")"
	done
done
for name in 'net(' 'net()' 'adam, net' 'nett' 'e' '\\u001b[31mnet' '\\u202enet'; do
	damage "$all" "sed -i 's/\"rule\": \"net\"/\"rule\": \"$name\"/' result.json"
done
damage "$all" 'sed -i "s/\"evaluations\": [0-9]*/\"evaluations\": -5/" result.json'
damage "$all" 'sed -i "s/\"evaluations\": [0-9]*/\"evaluations\": \"many\"/" result.json'
damage "$all" 'sed -i "s/\"evaluations\": [0-9]*/\"evaluations\": 99999999999999999999999/" result.json'
damage "$all" 'awk "BEGIN { for (i = 0; i < 100000; i++) printf \"[\" }" >result.json'
damage compare 'sed -i "s/\"precision\": \"f32\"/\"precision\": \"f16\"/" run.json'
damage compare 'sed -i "s/\"experiment\": \"e\"/\"experiment\": \"net\"/" run.json'
damage compare 'sed -i "s/\"experiment\": \"e\"/\"experiment\": \"other\"/" run.json'
damage compare 'sed -i "s/\"sources\": \\[/\"sources\": 3, \"other\": [/" run.json'
damage "$all" 'truncate -s -1 weights.safetensors'
damage "$all" 'truncate -s 4 weights.safetensors'
damage "$all" ': >weights.safetensors'
damage "$all" 'printf "\377\377\377\377\377\377\377\377" | dd of=weights.safetensors conv=notrunc status=none'
damage "$all" 'sed -i "s/F32/F16/" weights.safetensors'
damage "$all" 'sed -i "s/\[2\]/[3]/" weights.safetensors'
damage "$all" 'sed -i "s/\"W\"/\"V\"/" weights.safetensors'
damage "$all" 'printf "\300\177" | dd of=weights.safetensors bs=1 seek=$(($(wc -c <weights.safetensors) - 2)) conv=notrunc status=none' # NaN
damage "$all" 'echo "optimizer" >>rule.grad'
damage "$all" ': >rule.grad'
damage plot 'echo "{" >metrics.jsonl'
damage plot 'echo "[1]" >metrics.jsonl'
damage plot 'head -c 100000 /dev/zero >metrics.jsonl; echo >>metrics.jsonl'
damage plot 'echo "{}" >comparison.json'

# Whatever was changed of what run.json has a hash of is named, and used all the same.
expect 0 "$GRADUS" compare good --on quadratic --steps 2 --train 2 --test 2
lacks err W0817
sed 's/= \[0.1, 0.2\]/from "start.safetensors"/' good/sources/small.grad >again.grad
cp good/weights.safetensors start.safetensors
expect 0 "$GRADUS" train again.grad -o again
for file in good/sources/small.grad again/sources/again.grad again/sources/start.safetensors; do
	cp "$file" kept
	case $file in
	*.grad) echo '# a comment' >>"$file" ;;
	*) sed -i 's/"W"/"V"/' "$file" ;;
	esac
	"$GRADUS" compare "${file%%/*}" --on quadratic --steps 2 --train 2 --test 2 >out 2>err </dev/null
	has err "W0817"
	has err "$file is not the file that was trained with"
	cp kept "$file"
	expect 0 "$GRADUS" compare "${file%%/*}" --on quadratic --steps 2 --train 2 --test 2
	lacks err W0817
done
# An experiment without test problems has nothing to be compared on, unless that is said.
sed 's/, 4 test/, 0 test/' good/sources/small.grad >none.grad
expect 0 "$GRADUS" train none.grad -o none
expect 2 "$GRADUS" compare none
has err "no test problems"
expect 0 "$GRADUS" compare none --test 3

# Numbers that no axis has: drawn as well as they can be.
cp -r good odd
printf '{"step": 1, "score": 1e308}\n{"step": 1e308, "score": -1e308}\n{"step": "nan", "score": "inf"}\n{"score": 3}\n{"step": 2, "select": []}\n' >odd/metrics.jsonl
expect 0 "$GRADUS" plot odd --svg odd.svg
lacks odd.svg nan
lacks odd.svg inf

# Names that drive terminals, turn text around, or are no XML.
esc=$(printf '\033') rlo=$(printf '\342\200\256')
sed -i "s/\"label\": \"[a-z_]*\"/\"label\": \"<evil \&\\\\u001b]0;owned\\\\u0007 \\\\u202e\\\\u0085\\\\ufffe>\"/; s/\"objective\": \"[a-z]*\"/\"objective\": \"<a> \\\\u001b[2J\\\\u2066\"/" good/comparison.json
expect 0 "$GRADUS" plot good --svg evil.svg
for file in out err evil.svg; do
	LC_ALL=C grep -q "[$(printf '\001-\010\013-\037\177')]" $file && fail "control characters in $file"
	lacks $file "$rlo"
done
has evil.svg "&lt;evil &amp;"
has evil.svg "</svg>"
if command -v python3 >/dev/null; then
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' evil.svg || fail "evil.svg is no XML"
else
	echo "SKIPPED: an XML parser (no python3)"
fi
printf 'const a = 1 +%s[31m\n# %s hidden\nconst b = \n' "$esc" "$rlo" >"$(printf 'na\033[1mme\342\200\256.grad')"
expect 1 "$GRADUS" check "$(printf 'na\033[1mme\342\200\256.grad')"
for file in out err; do
	lacks $file "$esc"
	lacks $file "$rlo"
done
expect 1 "$GRADUS" check "$(printf 'na\033[1mme\342\200\256.grad')" --json
lacks out "$esc"
lacks out "$rlo"
expect 2 "$GRADUS" "$(printf 'no\033[1mverb')"
lacks err "$esc"
expect 2 "$GRADUS" eval "$(printf 'x\033[1m%s' "$rlo")"
lacks err "$esc"
expect 0 "$GRADUS" minimize rosenbrock --with "adam(lr = (0.1 #$esc[1m$rlo
))" --steps 3
lacks out "$esc"
lacks out "$rlo"
finish
