"""Computes the figures of a comparison again, from the runs in its JSON (`compare --json --curves`), with nothing but the standard library.

    python3 tests/command/recompute.py comparison.json

Says what differs, and ends with 1 if something does.
"""
import json
import math
import sys

MASK = 2**64 - 1
failures = 0


def number(value):
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}.get(value, value) if isinstance(value, str) else value


def same(name, found, wanted, tolerance=1e-9):
    global failures
    found, wanted = number(found), number(wanted)
    if found is None and wanted is None:
        return
    if found is None or wanted is None or not (
        found == wanted or (math.isnan(found) and math.isnan(wanted)) or abs(found - wanted) <= tolerance * max(1e-300, abs(wanted))
    ):
        failures += 1
        print(f"{name}: {found} in the file, {wanted} computed")


def threefry(key, counter):
    keys = [key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDAA9FC1A22]
    x, y = (counter[0] + keys[0]) & MASK, (counter[1] + keys[1]) & MASK
    for r in range(20):
        x = (x + y) & MASK
        bits = (16, 42, 12, 31, 16, 32, 24, 21)[r % 8]
        y = ((y << bits | y >> (64 - bits)) & MASK) ^ x
        if r % 4 == 3:
            k = r // 4 + 1
            x, y = (x + keys[k % 3]) & MASK, (y + keys[(k + 1) % 3] + k) & MASK
    return x, y


def quantile(values, q):
    values = sorted(values)
    at = q * (len(values) - 1)
    below = math.floor(at)
    above = min(below + 1, len(values) - 1)
    return values[below] if values[above] == values[below] else values[below] + (at - below) * (values[above] - values[below])


RESAMPLES, SIGNS = 2000, 9999


def resamples(count):
    """Which problems each resample takes: of the bootstrap with seed 0."""
    out = []
    for r in range(RESAMPLES):
        row = []
        for i in range(0, count, 2):
            row += [bits % count for bits in threefry((0, 0x626F6F74), (r, i))]
        out.append(row[:count])
    return out


def interval(values, picks):
    mean = sum(values) / len(values)
    if len(values) < 2 or not math.isfinite(mean):
        return mean, mean, mean
    means = [sum(values[i] for i in row) / len(values) for row in picks]
    return mean, quantile(means, 0.025), quantile(means, 0.975)


def check_interval(name, found, values, picks):
    mean, low, high = interval(values, picks)
    same(f"{name} mean", found["mean"], mean)
    same(f"{name} low", found["low"], low, 1e-6)
    same(f"{name} high", found["high"], high, 1e-6)


def score(f, steps, text):
    fold, inner = text.split("(", 1)
    how = {"f)": lambda v: v, "log(f))": lambda v: log(v), "f / f0)": lambda v: v / f[0]}[inner]
    if fold == "final":
        return how(f[steps])
    values = [how(v) for v in f[:steps]]
    if fold == "min":
        return math.nan if any(math.isnan(v) for v in values) else min(values)
    return sum(values) / (steps if fold == "mean" else 1)


def log(v):
    return math.log(v) if v > 0 else -math.inf if v == 0 else math.nan


def main(path):
    c = json.load(open(path))
    steps, text, rules = c["steps"], c["score"], c["rules"]
    curves = [[[number(v) for v in row] for row in rule["curves"]] for rule in rules]
    problems = len(curves[0])
    same("test_problems", c["test_problems"], problems)
    picks = resamples(problems)
    per = []
    for rule, runs in zip(rules, curves):
        name = rule["label"]
        scores = [score(f, steps, text) for f in runs]
        per.append(scores)
        for i, (a, b) in enumerate(zip(rule["per_problem"], scores)):
            same(f"{name} problem {i}", a, b)
        check_interval(f"{name} score", rule["score"], scores, picks)
        if all(map(math.isfinite, scores)):
            same(f"{name} median", rule["median"], quantile(scores, 0.5))
            for q in rule["quantiles"]:
                same(f"{name} quantile {q}", rule["quantiles"][q], quantile(scores, float(q)))
        lost = sum(not all(map(math.isfinite, f)) for f in runs)
        above = sum(all(map(math.isfinite, f)) and f[steps] > f[0] for f in runs)
        same(f"{name} not finite", rule["not_finite"], lost)
        same(f"{name} ended above", rule["ended_above_start"], above)
        same(f"{name} diverged", rule["diverged"], lost + above)
        for t in range(steps + 1):
            finite = [f[t] for f in runs if math.isfinite(f[t])]
            same(f"{name} mean curve {t}", rule["mean_curve"][t], sum(finite) / len(finite) if finite else math.nan)
            if finite:
                same(f"{name} median curve {t}", rule["median_curve"][t], quantile(finite, 0.5))
                same(f"{name} low curve {t}", rule["low_curve"][t], quantile(finite, 0.25))
                same(f"{name} high curve {t}", rule["high_curve"][t], quantile(finite, 0.75))
        best = []
        for f in runs:
            row = [f[0]]
            for v in f[1:]:
                row.append(v if v < row[-1] or math.isnan(row[-1]) else row[-1])
            best.append(score(row, steps, text))
        check_interval(f"{name} best so far", rule["best_so_far"], best, picks)
    profiles(rules, curves, steps)
    if "subject" in c:
        differences(c, rules, curves, per, picks)
    for rule in rules:
        for entry in rule.get("horizons", []):
            same(f"{rule['label']} horizon", entry["steps"], int(entry["factor"] * steps))
            check_interval(f"{rule['label']} at {entry['steps']}", entry["end"], [number(v) for v in entry["per_problem"]], picks)


def profiles(rules, curves, steps):
    problems = len(curves[0])
    least = [min([v for runs in curves for v in runs[i][:steps] if not math.isnan(v)], default=math.inf) for i in range(problems)]
    for level, entry in enumerate(rules[0]["profiles"]):
        tolerance = entry["tolerance"]
        solved = []
        for runs in curves:
            solved.append([next((t + 1 for t in range(steps) if f[t] <= low + tolerance * (f[0] - low)), None) for f, low in zip(runs, least)])
        for rule, own in zip(rules, solved):
            found = rule["profiles"][level]
            for i in range(problems):
                same(f"{rule['label']} solved {tolerance} of {i}", found["solved_after"][i], own[i])
            for t in range(1, steps + 1):
                same(f"{rule['label']} data profile", found["data_profile"][t - 1], sum(s is not None and s <= t for s in own) / problems)
            for ratio, share in zip(found["ratios"], found["performance_profile"]):
                within = 0
                for i in range(problems):
                    others = [s[i] for s in solved if s[i] is not None]
                    within += own[i] is not None and own[i] <= ratio * min(others)
                same(f"{rule['label']} performance {ratio}", share, within / problems)


def chance_of(values, total):
    """All signs of up to 16 values; of more, random ones and those that were found."""
    if len(values) <= 16:
        sums = [0.0]
        for v in values:
            sums = [s + sign * v for s in sums for sign in (1, -1)]
        return sum(abs(s) >= abs(total) * (1 - 1e-12) for s in sums) / len(sums)
    far = 1
    for d in range(SIGNS):
        other = 0.0
        for i, v in enumerate(values):
            if i % 64 == 0:
                bits = threefry((0, 0x7369676E), (d, i // 64))[0]
            other += v if bits >> (i % 64) & 1 else -v
        far += abs(other) >= abs(total) * (1 - 1e-12)
    return far / (SIGNS + 1)


def differences(c, rules, curves, per, picks):
    subject = [rule["label"] for rule in rules].index(c["subject"])
    problems, steps = len(per[0]), c["steps"]
    chances = {}
    for k, rule in enumerate(rules):
        values = [a - b for a, b in zip(per[k], per[subject])]
        check_interval(f"{rule['label']} behind", rule["behind_subject"], values, picks)
        if k == subject:
            continue
        total = sum(values)
        if math.isfinite(total):
            chances[k] = chance_of(values, total)
        same(f"{rule['label']} chance", rule["chance"], chances.get(k, math.nan))
    least, order = 0.0, sorted(chances, key=lambda k: chances[k])
    for rank, k in enumerate(order):
        least = max(least, min(1.0, chances[k] * (len(rules) - 1 - rank)))
        same(f"{rules[k]['label']} chance by Holm", rules[k]["chance_holm"], least)
    for t in range(steps + 1):
        values, wins = [], 0
        for i in range(problems):
            others = min([runs[i][t] for k, runs in enumerate(curves) if k != subject and not math.isnan(runs[i][t])], default=math.inf)
            own = curves[subject][i][t]
            wins += own < others
            values.append(others - (math.inf if math.isnan(own) else own))
        same(f"win share {t}", c["win_share"][t], wins / problems)
        found = c["margin_of_victory"][t]
        if t in (1, steps // 2, steps):
            check_interval(f"margin {t}", found, values, picks)
        else:
            same(f"margin {t}", found["mean"], sum(values) / problems)


main(sys.argv[1])
print("the same" if not failures else f"{failures} differ")
sys.exit(failures > 0)
