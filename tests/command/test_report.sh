#!/bin/sh
# The page of a run, and its figures for other programs. Pages are read by another program's parser; what they say of the rule is
# measured again by other commands: scores without a part of what was learned on a run whose weights are changed by hand.
. "$SOURCE_DIR/tests/command/lib.sh"
. "$SOURCE_DIR/tests/command/small_run.sh"

# Without a comparison, one is made, and nothing but the page is told of.
rm run/comparison.json
expect 0 "$GRADUS" report run
[ ! -s out ] || fail "report printed something: $(head -c 100 out)"
has err "wrote run/report.html"
cmp -s run/comparison.json c.json || {
	sed '/"seconds"/d' run/comparison.json >a && sed '/"seconds"/d' c.json >b
	cmp -s a b || fail "the comparison of the report is not that of compare"
}
for part in "<h2>The rule</h2>" "On problems that it has not seen" "What the rule does" "<h2>Training</h2>" "What it cost" \
	"How it was made" "Data profile" "Response: step against gradient" "2 outer steps"; do
	has run/report.html "$part"
done
expect 0 "$GRADUS" report run -o elsewhere.html
cmp -s run/report.html elsewhere.html || fail "two pages of one run differ"
lacks run/report.html "<script"
lacks run/report.html "href="
lacks run/report.html "src="

# Names from files are no markup.
mkdir '<b>&"run' && cp -r run/. '<b>&"run' && expect 0 "$GRADUS" report '<b>&"run' -o odd.html
has odd.html '<title>Gradus: &lt;b&gt;&amp;&quot;run</title>'
lacks odd.html '<b>'

if command -v python3 >/dev/null 2>&1; then
	python3 - run/report.html odd.html <<'PY' || fail "a page is not well-formed"
import sys
from html.parser import HTMLParser
VOID = {"meta"}
class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.images, self.cells = [], set(), 0, []
    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        assert attrs.get("id") not in self.ids, "twice: " + attrs["id"]
        if "id" in attrs:
            self.ids.add(attrs["id"])
        if tag == "svg":
            assert attrs.get("role") == "img"
            self.images += 1
        if tag == "tr":
            self.cells.append(0)
        if tag in ("td", "th"):
            self.cells[-1] += 1
        if tag == "table":
            self.cells = []
    def handle_startendtag(self, tag, attrs):
        pass
    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()
        if tag == "table":
            assert len(set(self.cells)) == 1, self.cells
for path in sys.argv[1:]:
    page = Page()
    page.feed(open(path).read())
    assert not page.open, page.open
    assert page.images == 7, page.images # no rule is compared with it: no margin
PY
	# A part of what was learned set to 0: the score of the page against runs of a copy with 0 in its weights.
	expect 0 "$GRADUS" train small.grad -o again
	python3 - again/weights.safetensors <<'PY'
import json, struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
length = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + length])
begin, end = header["W"]["data_offsets"]
width = (end - begin) // 2
data[8 + length + begin:8 + length + begin + width] = bytes(width) # W[0]
open(sys.argv[1], "wb").write(data)
PY
	expect 0 "$GRADUS" minimize small.grad --set n=5 logistic --with again --instance 1000000 --problems 4 --steps 3 --json
	python3 - run/report.html out <<'PY' || fail "the score without W[0] is not that of runs without it"
import json, re, sys
page = open(sys.argv[1]).read()
told = float(re.search(r'>W\[0\]</th><td>([^<]*)</td>', page).group(1))
runs = json.load(open(sys.argv[2]))
f = runs["f"] if "f" in runs else [run["f"] for run in runs["problems"]]
own = sum(sum(one[1:]) / 3 for one in f) / len(f)
assert abs(told - own) < 1e-3 * own, (told, own)
PY
else
	echo "without python3, pages are not read"
fi
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -n "$browser" ]; then
	"$browser" --headless --no-sandbox --disable-gpu --dump-dom "file://$PWD/run/report.html" >dom 2>/dev/null &&
		has dom "Response: step against gradient" || fail "the browser did not take the page"
else
	echo "no browser here: the page was not opened in one"
fi

# A run that was ended early has no comparison to make, and says so; no run, a damaged run, a place that cannot be written.
cp -r run early && rm early/result.json early/comparison.json
"$GRADUS" report early -o early.html >out 2>err </dev/null || fail "a run that was ended early: $(cat err)"
has early.html "The run was ended early"
expect 2 "$GRADUS" report
expect 2 "$GRADUS" report nowhere
has err "of which run? Name its folder"
cp -r run bad && echo '{' >bad/result.json && expect 5 "$GRADUS" report bad
cp -r run cut && head -c 100 run/comparison.json >cut/comparison.json && expect 5 "$GRADUS" report cut
cp -r run none && rm none/metrics.jsonl && expect 5 "$GRADUS" report none
expect 4 "$GRADUS" report run -o /nowhere/at/all.html

# A search: the front instead of the course of training.
cat >open.grad <<'GRAD'
optimizer open_step(lr = 1.0) {
  x <- x - lr * discover(g, f, size = 3)
}
experiment found {
  train open_step()
  on logistic(n = 5)
  problems 4 train, 4 select, 4 test
  horizon 5
  against gradient_descent
}
GRAD
expect 0 "$GRADUS" train open.grad -o found
expect 0 "$GRADUS" report found
has found/report.html "What was found"
has found/report.html "Searched in"
lacks found/report.html "nan"
expect 5 "$GRADUS" metrics found
has err "has no outer steps"

# Figures as CSV: a line for each step, the same as the run's own.
expect 0 "$GRADUS" metrics run
[ "$(wc -l <out)" -eq 3 ] || fail "$(wc -l <out) lines of two steps"
head -n 1 out | grep -q '^step,score,gradient_norm,.*seconds' || fail "columns: $(head -n 1 out)"
expect 2 "$GRADUS" metrics run --tensorboard
expect 0 "$GRADUS" metrics run --tensorboard -o run.tfevents
if command -v python3 >/dev/null 2>&1; then
	python3 - run.tfevents run/metrics.jsonl <<'PY' || fail "the event file does not hold the figures of the run"
import json, struct, sys
def crc(data):
    table = []
    for n in range(256):
        c = n
        for _ in range(8):
            c = c >> 1 ^ 0x82F63B78 if c & 1 else c >> 1
        table.append(c)
    c = 0xFFFFFFFF
    for b in data:
        c = table[(c ^ b) & 255] ^ c >> 8
    c ^= 0xFFFFFFFF
    return ((c >> 15 | c << 17) + 0xA282EAD8) & 0xFFFFFFFF
assert crc(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF # the published check value
def fields(data):
    at = 0
    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
        else:
            size = {1: 8, 5: 4}.get(kind) or varint()
            yield key >> 3, data[at:at + size]
            at += size
data = open(sys.argv[1], "rb").read()
at, seen, version = 0, {}, None
while at < len(data):
    head = data[at:at + 8]
    size, = struct.unpack("<Q", head)
    assert struct.unpack("<I", data[at + 8:at + 12])[0] == crc(head)
    body = data[at + 12:at + 12 + size]
    assert struct.unpack("<I", data[at + 12 + size:at + 16 + size])[0] == crc(body)
    event = dict(fields(body))
    version = event.get(3, version)
    if 5 in event:
        value = dict(fields(dict(fields(event[5]))[1]))
        seen[event[2], value[1].decode()] = struct.unpack("<f", value[2])[0]
    at += 16 + size
assert version == b"brain.Event:2"
for line in open(sys.argv[2]):
    one = json.loads(line)
    for key, value in one.items():
        if key != "step":
            assert abs(seen[one["step"], key] - value) <= 1e-6 * abs(value), (key, value)
PY
fi

exit $((failures > 0))
