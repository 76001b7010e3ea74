#!/usr/bin/env python3
"""A program that proposes expressions to a search. One request comes as a line of JSON on standard input; an answer is one expression a line on
standard output, and an empty line. An answer without expressions says that there are no more.

    gradus train examples/discover_robust.grad -o runs/proposed --propose "python3 examples/propose.py"

This one puts two expressions of the front, or an operand and one of them, into one: a language model, or a search of your own, could stand in its
place. What it proposes follows from the request alone, so that a search that goes on after a kill gets the same.
"""
import json
import random
import sys

UNARY = {"sign": "sign({})", "sqrt": "sqrt(abs({}))", "rms": "rms({})", "abs": "abs({})", "square": "({})^2"}
BINARY = {"+": "({}) + ({})", "-": "({}) - ({})", "*": "({}) * ({})", "/": "({}) / ({})", "min": "min({}, {})"}


def expression(draw, hole, known):
    """One operation around what is there."""
    pieces = [operand["text"] for operand in hole["operands"]] + known
    unary = [UNARY[word] for word in hole["operators"] if word in UNARY]
    binary = [BINARY[word] for word in hole["operators"] if word in BINARY]
    form = draw.choice(binary if binary and (not unary or draw.random() < 0.75) else unary)
    return form.format(draw.choice(pieces), draw.choice(known or pieces))


for line in sys.stdin:
    request = json.loads(line)
    draw = random.Random(request["round"])
    known = [one["expression"].split(" | ") for one in request["front"]]
    for _ in range(request["want"]):
        holes = enumerate(request["holes"])
        print(" | ".join(expression(draw, hole, [parts[k] for parts in known]) for k, hole in holes))
    print(flush=True)
