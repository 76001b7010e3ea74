# Expressions that another program proposes: what it is asked and what becomes of its answers; programs that do anything but answer; and a search that
# was killed while it asked.
. "$(dirname "$0")/lib.sh"

cat >open.grad <<'END'
joint optimizer open_step(lr = 1.0, decay = 0.3) {
  state m = 0
  let s = g / rms(g)
  m <- decay * m + (1 - decay) * s
  x <- x - lr * discover(s, m, f, 1 - (t - 1) / horizon, size = 5, constants = 1)
}
experiment small {
  train    open_step(decay = 0.4)
  on       robust_regression(n = 20)
  problems 8 train, 6 select, 10 test
  horizon  20
  search   random for 30 candidates
  keep     4
  against  adam
}
END

# answer LINE...: a program that answers its first request with these lines, and keeps all requests in the file `asked`.
answer() {
	{
		echo 'read request; echo "$request" >asked'
		for line in "$@"; do
			printf "echo '%s'\n" "$line"
		done
		echo 'echo; while read request; do echo "$request" >>asked; echo; done'
	} >answer.sh
}

# ---- every form in which an operation is written is read; what cannot be is named ----
answer 's * m * (1 - (t - 1) / horizon)' 'finite_ratio(m, f) - s' 'm/f - s' 'finite_ratio(m * f, f)' 'lerp(s, m)' 's + 0.25 * (m - s)' 'sqrt(abs(f)) * s' \
	'm / (rms(m) + 1e-8)' 'min(m, s)' 'zz + m' 'm + f' 'm +' '2 * f' 's * m * f * f * f * f * f * f * f * f * f * f' '2 * s * 3' 'm * ('
expect 0 "$GRADUS" train open.grad -o read --propose 'sh answer.sh'
has out '16 expressions in 2 answers'
has out '10 of them could not be used; the first: finite_ratio(m, f) - s - it adds or compares terms of different degrees'
json=$(sed -n 2p asked)
for words in '"expression":"s + 0.25 * (m - s)","known":true' \
	'"expression":"sqrt(abs(f)) * s","known":false' '"expression":"m/f - s","error":"it adds or compares terms of different degrees' \
	'`zz` is no operand' '`min(m, s)` is no operand' 'it has more than 5 nodes' 'it has more than 1 constants'; do
	case $json in *"$words"*) ;; *) fail "the second request does not say $words: $json" ;; esac
done
for words in '"want":32' '"front":[{"expression":' '"operators":["+","-","*","/","sign","sqrt","lerp","rms"]' '"size":5' \
	'{"text":"f","like_x":false,"degree":1.0}'; do
	grep -qF -- "$words" asked || fail "no request says $words"
done
expect 0 "$GRADUS" front read --best 1000 --csv
grep -q '"propose","' out || fail 'nothing in the archive is from the program'

# A line of thousands of bytes is not printed as a whole.
cat >long.sh <<'END'
read request; head -c 3000 /dev/zero | tr '\0' '('; echo m; echo; while read request; do echo; done
END
expect 0 "$GRADUS" train open.grad -o long --propose 'sh long.sh'
has out '1 of them could not be used'
[ "$(wc -L <out)" -lt 500 ] || fail 'a line of an answer is printed as a whole'

# ---- what it proposes can win, and is marked ----
answer 'f * m' 'm * f * (1 - (t - 1) / horizon)'
sed 's/for 30/for 1/' open.grad >few.grad
expect 0 "$GRADUS" train few.grad -o few --propose 'sh answer.sh'
has out '(proposed)'
has few/front.grad 'proposed by another program'
has few/result.json '"proposed"'
expect 0 "$GRADUS" front few
has out '(proposed)'
expect 0 "$GRADUS" check few/rule.grad few/front.grad

# ---- programs that do anything but answer: the search says so, and goes on; COMMAND, then what is said ----
number=0
while read -r patience command; do
	read -r said
	number=$((number + 1))
	expect 0 timeout 60 "$GRADUS" train open.grad -o "broken$number" --propose "$command" --patience "$patience"
	[ "$said" = - ] || cat out err | grep -qF -- "$said" || {
		fail "'$said' is not said of: $command"
		cat out err
	}
	[ "$said" = - ] && lacks err W0826
	[ -f "broken$number/rule.grad" ] || fail "no rule where the program is: $command"
done <<'END'
20 exit 3
it ended with exit code 3
20 no_such_command_at_all
(no such command)
20 kill -9 $$
it was ended by signal 9
1 sleep 100
no answer came within 1 s
1 cat >/dev/null
no answer came within 1 s
1 read request; echo m; sleep 100
the empty line that ends an answer did not come
20 yes m
it writes without end
20 cat /dev/urandom
of them could not be used
1 head -c 300000 /dev/zero; sleep 100
the empty line that ends an answer did not come
20 read request; head -c 10000 /dev/zero | tr '\0' m; echo; echo
longer than 4096 bytes
20 exec >&-; sleep 100
it has closed its output
20 true
-
20 while read request; do echo; done
-
20 read request; echo m
-
20 read request; printf 'f * s'
-
20 read request; printf 'm\000s\n\377\376\n\033[31mred\n\n'
could not be used
1 exec <&-; echo m; echo; sleep 100
no answer came within 1 s
END
[ "$number" -eq 17 ] || fail "$number programs were tried"
grep -l . broken*/front.grad >/dev/null || fail 'no fronts'
for file in out err; do LC_ALL=C grep -q "$(printf '\033')" "$file" && fail "an escape reached the terminal in $file"; done

# ---- the command line ----
expect 2 "$GRADUS" train open.grad -o usage --patience 3
has err 'is of --propose COMMAND'
expect 2 "$GRADUS" train "$SOURCE_DIR/examples/robust.grad" -o usage --propose true
has err 'rules with an open expression'
expect 2 "$GRADUS" train open.grad -o usage --propose true --proposals 0
[ ! -e usage ] || fail 'a folder was left'

# ---- the same on any number of threads, and after a kill wherever it comes; the command is not in the folder, and has to be given again ----
propose="python3 $SOURCE_DIR/examples/propose.py"
command -v python3 >/dev/null || exit $((failures > 0))
rows() {
	"$GRADUS" front "$1" --best 100000 --csv
}
expect 0 "$GRADUS" train open.grad -o whole --propose "$propose" --threads 1
has out 'proposed by another program: 256 expressions'
expect 0 "$GRADUS" train open.grad -o threads --propose "$propose" --threads 2
rows whole >whole.rows
rows threads >threads.rows
cmp -s whole.rows threads.rows || fail 'threads change what is found'
cmp -s whole/front.grad threads/front.grad || fail 'threads change the front'

for round in 2 8; do
	# It stops in the middle of its answer to request number `round`, and the search is killed there.
	cat >stops.py <<-END
		import subprocess, sys
		other = subprocess.Popen("$propose".split(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
		for number, line in enumerate(sys.stdin, 1):
		    if number == $round:
		        open("there", "w").close()
		        sys.stdin.read()
		    other.stdin.write(line)
		    other.stdin.flush()
		    for answer in iter(other.stdout.readline, "\n"):
		        print(answer, end="")
		    print(flush=True)
	END
	rm -rf there killed
	"$GRADUS" train open.grad -o killed --propose 'python3 stops.py' >/dev/null 2>&1 &
	pid=$!
	tries=0
	while [ ! -e there ] && [ $tries -lt 400 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	kill -9 $pid
	wait $pid 2>/dev/null
	[ -e there ] || fail "request $round was not reached"
	[ "$round" -ne 2 ] || {
		expect 1 "$GRADUS" resume killed
		has err 'E0826'
		has err 'name it again with --propose'
	}
	expect 0 "$GRADUS" resume killed --propose "$propose"
	rows killed >killed.rows
	cmp -s whole.rows killed.rows || fail "after a kill at request $round, something else is found"
	cmp -s whole/front.grad killed/front.grad || fail "after a kill at request $round, the front is another one"
done
expect 0 "$GRADUS" train open.grad -o plain
expect 0 "$GRADUS" resume plain
rm plain/result.json
expect 2 "$GRADUS" resume plain --propose "$propose"
has err 'was begun without --propose'

# ---- Ctrl-C while it is asked ----
"$GRADUS" train open.grad -o stopped --propose 'touch asking; sleep 100' >out 2>err &
pid=$!
while [ ! -e asking ]; do sleep 0.05; done
kill -INT $pid
wait $pid
[ $? -eq 130 ] || fail 'Ctrl-C is not met while a program is asked'
[ -f stopped/rule.grad ] || fail 'no rule after Ctrl-C'
has out '--propose COMMAND'
expect 0 "$GRADUS" resume stopped --propose true

# ---- several open expressions, and an enumeration ----
cat >two.grad <<'END'
joint optimizer two(lr = 0.1) {
  state m = 0
  let s = g / rms(g)
  m <- discover(m, s, size = 3)
  x <- x - lr * discover(m, s, f, size = 3)
}
experiment small {
  train    two()
  on       robust_regression(n = 20)
  problems 8 train, 6 select, 10 test
  horizon  20
  search   evolve(population = 20, islands = 2) for 60 candidates
  against  adam
}
END
answer 'm + s | m * f' 'm' 's | s | s' 's | f * m'
expect 0 "$GRADUS" train two.grad -o two --propose 'sh answer.sh'
has out 'it is 1 expression, and 2 are open'
has out '2 of them could not be used'
sed 's/random for 30 candidates/enumerate/' open.grad >all.grad
answer 'm * f' 'm' 'm + s'
expect 0 "$GRADUS" train all.grad -o all --propose 'sh answer.sh'
has out '3 known already, 0 new'

exit $((failures > 0))
